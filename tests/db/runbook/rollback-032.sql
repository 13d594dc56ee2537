-- if version chain is empty (no live rows), rollback is silent:
\i sql/iu-core/rollback/032_template_versioning_and_observability.rollback.sql

-- if there ARE live version rows, force-drop:
SET iu_core.force_rollback_032='true';
\i sql/iu-core/rollback/032_template_versioning_and_observability.rollback.sql
