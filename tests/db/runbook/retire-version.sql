SELECT public.fn_iu_collection_retire_template_version(
    '<collection_id>'::uuid, '<actor>', 'reason');
