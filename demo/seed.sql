-- The demo dataset: the closing state of the 18000x operation. The pieces are in already (demo/pieces/*.json).
-- Collections, versions and lineage come about through the governed functions, gates opened and put back inside this
-- transaction; afterwards the rows are dated back, so that the demo has a past.

create temporary table demo_gate on commit drop as
select public.fn_iu_gates_open(array['iu_core.composer_enabled'], 'iu-core-18000x', 'demo dataset') as opened;

create temporary table demo_collection (
  age interval, collection_key text, kind text, title text, description text, addresses text[], collection_id uuid
) on commit drop;

insert into demo_collection (age, collection_key, kind, title, description, addresses) values
  ('90 days', 'wf:incident-review', 'workflow', 'Incident review', 'What to go through after an incident.',
   array['wf/incident-review/timeline', 'wf/incident-review/impact', 'wf/incident-review/causes', 'wf/incident-review/follow-up']),
  ('88 days', 'file:release-note', 'file', 'Release note', 'What a release tells its readers.',
   array['file/release-note/summary', 'file/release-note/changes', 'file/release-note/upgrade-notes']),
  ('85 days', 'file:glossary', 'file', 'Glossary', 'The words of IU Core.',
   (select array_agg(u.canonical_address order by u.created_at) from public.information_unit u where u.canonical_address like 'file/glossary/%')),
  ('60 days', 'tpl:wf:onboarding/v1', 'workflow', 'Onboarding procedure', 'A new colleague''s first day.',
   array['wf/onboarding/welcome', 'wf/onboarding/accounts', 'wf/onboarding/first-day', 'wf/onboarding/paper-checklist']),
  ('45 days', 'tpl:file:status-report/v1', 'file', 'Weekly status report', 'What a team reports every week.',
   array['file/status-report/highlights', 'file/status-report/progress', 'file/status-report/risks',
         'file/status-report/decisions', 'file/status-report/next']),
  ('21 days', 'tpl:wf:onboarding/v2', 'workflow', 'Onboarding procedure', 'A new colleague''s first day and first month.',
   array['wf/onboarding/welcome', 'wf/onboarding/accounts', 'wf/onboarding/security-briefing',
         'wf/onboarding/first-day', 'wf/onboarding/thirty-day-review']),
  ('40 days', 'tpl-inst:wf:onboarding/v1-pilot', 'workflow', 'Onboarding, pilot', 'Composed by hand from v1.', null),
  ('14 days', 'tpl-inst:wf:onboarding/v2-1', 'workflow', 'Onboarding, support team', 'Composed by hand from v2.', null),
  ('9 days', 'tpl-inst:wf:onboarding/v2-2', 'workflow', 'Onboarding, release team', 'Composed by hand from v2.', null),
  ('3 days', 'tpl-inst:wf:onboarding/v2-3', 'workflow', 'Onboarding, data team', 'Composed by hand from v2.', null);

-- An instance is made of what its template is made of.
update demo_collection instance
set addresses = template.addresses
from demo_collection template
where instance.collection_key like 'tpl-inst:%'
  and template.collection_key = 'tpl:wf:onboarding/' || substring(instance.collection_key from 'v[12]');

do $$
declare
  v_row record;
  v_outcome jsonb;
begin
  for v_row in select d.collection_key, d.kind, d.title, d.description, d.addresses from demo_collection d order by d.age desc loop
    v_outcome := public.fn_iu_compose(
      v_row.collection_key, v_row.kind, v_row.title, v_row.description,
      (select jsonb_agg(jsonb_build_object('role', 'body', 'iu_id', u.id) order by given.place)
       from unnest(v_row.addresses) with ordinality as given (address, place)
       join public.information_unit u on u.canonical_address = given.address),
      'iu-core-18000x');
    if v_outcome ->> 'status' <> 'ok' or (v_outcome ->> 'pieces_attached')::integer <> cardinality(v_row.addresses) then
      raise exception 'composing % was answered with %', v_row.collection_key, v_outcome;
    end if;
    update demo_collection d set collection_id = (v_outcome ->> 'collection_id')::uuid where d.collection_key = v_row.collection_key;
  end loop;
end
$$;

do $$
declare
  v_outcome record;
  v_ids jsonb := (select jsonb_object_agg(d.collection_key, d.collection_id) from demo_collection d);
begin
  for v_outcome in
    select public.fn_iu_collection_mark_template(d.collection_id, 'iu-core-18000x', null) as answer
    from demo_collection d where d.collection_key like 'tpl:%'
    union all
    select public.fn_iu_collection_register_template_version(
      (v_ids ->> 'tpl:wf:onboarding/v1')::uuid, 'tpl:wf:onboarding', 'v1', 1, null, 'iu-core-18000x')
    union all
    select public.fn_iu_collection_register_template_version(
      (v_ids ->> 'tpl:wf:onboarding/v2')::uuid, 'tpl:wf:onboarding', 'v2', 2,
      (v_ids ->> 'tpl:wf:onboarding/v1')::uuid, 'iu-core-18000x')
    union all
    select public.fn_iu_collection_record_template_instance(
      d.collection_id, (v_ids ->> ('tpl:wf:onboarding/' || substring(d.collection_key from 'v[12]')))::uuid,
      'iu-core-18000x-bulk', 'composed by hand')
    from demo_collection d where d.collection_key like 'tpl-inst:%'
  loop
    if v_outcome.answer ->> 'status' <> 'ok' then
      raise exception 'the demo dataset was refused: %', v_outcome.answer;
    end if;
  end loop;
end
$$;

select public.fn_iu_gates_put_back(g.opened, 'iu-core-18000x', 'demo dataset') from demo_gate g;

-- The pieces' own history: 146 enacted, 152 in the search index, 72 revised.
insert into public.iu_lifecycle_log (iu_id, change, from_status, to_status, actor, reason, created_at)
select u.id, 'enacted', null, 'active', 'iu-core-editor', 'Adopted after review', u.created_at + interval '2 days'
from public.information_unit u
order by u.created_at desc
limit 146;

insert into public.iu_vector_sync_point (iu_id, vector_collection, content_digest, synced_at)
select u.id, 'iu_core_iu_chunks', u.content_digest, u.created_at + interval '3 days'
from public.information_unit u
order by u.created_at
limit 152;

insert into public.event_outbox (event_domain, event_type, canonical_address, subject_ref, actor, safe_payload, created_at)
select 'iu', 'iu.piece.revised', u.canonical_address, u.id, 'iu-core-editor',
       jsonb_build_object('content_digest', u.content_digest), u.created_at + interval '1 day'
from public.information_unit u
where u.canonical_address like 'law/%'
order by u.created_at
limit 72;

insert into public.event_outbox (event_domain, event_type, actor, safe_payload, created_at)
select 'system', 'system.backup_verified', 'backup', jsonb_build_object('result', 'restorable'), now() - night * interval '1 day'
from generate_series(1, 14) as night;

-- Dated back, so that relative times read as they would.
update public.iu_piece_collection c
set created_at = now() - d.age, updated_at = now() - d.age
from demo_collection d where d.collection_id = c.id;
update public.event_outbox e
set created_at = now() - d.age
from demo_collection d
where d.collection_id in (e.subject_ref, (e.safe_payload ->> 'collection_id')::uuid);
update public.iu_collection_template_registry r
set marked_at = now() - d.age + interval '10 minutes'
from demo_collection d where d.collection_id = r.collection_id;
update public.iu_collection_template_version v
set registered_at = now() - d.age + interval '15 minutes'
from demo_collection d where d.collection_id = v.collection_id;
update public.iu_collection_template_instance_lineage l
set instantiated_at = now() - d.age
from demo_collection d where d.collection_id = l.instance_collection_id;

select public.fn_iu_three_axis_envelope_refresh('demo dataset');
