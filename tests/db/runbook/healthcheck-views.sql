SELECT * FROM v_iu_template_observability;
SELECT * FROM v_iu_template_version_chain WHERE template_family='<family>';
