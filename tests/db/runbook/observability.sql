SELECT collection_key, template_family, version_label, version_seq, version_status,
       instance_count, digest_matching_instances, digest_diverged_instances,
       active_piece_count, template_without_version, version_without_template_marker
  FROM public.v_iu_template_observability
 ORDER BY template_family NULLS LAST, version_seq NULLS LAST;
