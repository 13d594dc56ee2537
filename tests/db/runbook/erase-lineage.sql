DELETE FROM iu_collection_template_instance_lineage
 WHERE instantiated_by='<bulk_actor>';
