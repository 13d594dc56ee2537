-- The retention policies of IU Core's own records. All are long, and the gate of the cleanup is closed.

select set_config('iu_core.actor', 'migration 035', true);
insert into public.iu_core_retention_policy (table_name, age_column, keep_for, actor_column, active, note, set_by)
select given.table_name, given.age_column, given.keep_for, given.actor_column, given.active, given.note, 'migration 035'
from (values
  ('dot_config_change', 'changed_at', interval '730 days', 'changed_by', true,
   'Who opened and closed which gate.'),
  ('dot_iu_command_run', 'started_at', interval '365 days', 'actor', true,
   'Previews, runs and refusals. A preview stays as long as its run.'),
  ('event_outbox', 'created_at', interval '365 days', 'actor', true,
   'Events of all domains. An event stays as long as its deliveries are on record.'),
  ('event_outbox_delivery_log', 'at', interval '180 days', null, true,
   'Attempts at delivery.'),
  ('iu_auto_instantiate_event_log', 'created_at', interval '730 days', 'triggered_by', false,
   'Without its row an instance can no longer be rolled back by actor, and its event is no longer known: '
   'activate it only for instances that are there to stay.')
) as given (table_name, age_column, keep_for, actor_column, active, note)
where to_regclass('public.' || given.table_name) is not null;
select set_config('iu_core.actor', '', true);

-- What a cleanup looks for; the other tables have an index on their age already.
create index dot_config_change_changed_at on public.dot_config_change (changed_at);
