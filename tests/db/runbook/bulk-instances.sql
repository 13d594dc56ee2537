BEGIN;
UPDATE public.dot_config SET value='true' WHERE key='iu_core.composer_enabled';

DO $$
DECLARE v_template_id uuid := (SELECT id FROM public.iu_piece_collection
                                WHERE collection_key='tpl:wf:onboarding/v2');
        v_pieces uuid[]; v_pieces_json jsonb; v_result jsonb;
BEGIN
    SELECT array_agg(m.iu_id ORDER BY m.piece_order) INTO v_pieces
      FROM public.iu_piece_membership m
     WHERE m.collection_id = v_template_id AND m.membership_status='active';
    v_pieces_json := (SELECT jsonb_agg(jsonb_build_object('role','body','iu_id', x))
                        FROM unnest(v_pieces) AS x);
    FOR i IN 1..N LOOP
        v_result := public.fn_iu_compose(
            'tpl-inst:wf:onboarding/' || <date> || '-' || i::text,
            'workflow', '<title>', '<desc>', v_pieces_json, '<actor>-bulk');
        PERFORM public.fn_iu_collection_record_template_instance(
            (v_result->>'collection_id')::uuid, v_template_id,
            '<actor>-bulk', '<note>');
    END LOOP;
END $$;

UPDATE public.dot_config SET value='false' WHERE key='iu_core.composer_enabled';
COMMIT;
