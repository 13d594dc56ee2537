-- register v1 as the root of a family
SELECT public.fn_iu_collection_register_template_version(
    '<v1_collection_id>'::uuid,
    'tpl:wf:onboarding',      -- template_family (the unversioned key)
    'v1',                     -- version_label (operator-visible)
    1,                        -- version_seq (uniqueness key with family)
    NULL,                     -- previous_collection_id (NULL = root)
    '<actor>');

-- register v(N+1) — auto-supersedes the predecessor's chain row
SELECT public.fn_iu_collection_register_template_version(
    '<v2_collection_id>'::uuid,
    'tpl:wf:onboarding',
    'v2', 2,
    '<v1_collection_id>'::uuid,
    '<actor>');

-- soft-retire (label/family kept; version_status='retired')
SELECT public.fn_iu_collection_retire_template_version(
    '<collection_id>'::uuid,
    '<actor>',
    '<reason>');
