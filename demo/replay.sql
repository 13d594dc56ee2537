-- The 25000x operation, replayed on the demo dataset as its operators ran it: everything through the governed
-- functions, the gates opened inside this transaction and put back before the commit.
-- The executive summary's text is in the setting demo.executive_summary.

create temporary table replay_gate on commit drop as
select public.fn_iu_gates_open(
  array['iu_core.auto_instantiate_enabled', 'iu_core.composer_enabled', 'iu_core.piece_writes_enabled'],
  'iu-core-25000x', 'replay of 25000x') as opened;

-- 1. One new piece; version 2 of the weekly status report out of the five pieces of version 1 and that one.
do $$
declare
  v_summary jsonb := current_setting('demo.executive_summary')::jsonb;
  v_piece jsonb := public.fn_iu_piece_create(
    v_summary ->> 'address', v_summary ->> 'title', v_summary ->> 'body', 'iu-core-25000x');
  v_v1 uuid := (select c.id from public.iu_piece_collection c where c.collection_key = 'tpl:file:status-report/v1');
  v_v2 uuid;
  v_outcome jsonb;
begin
  v_outcome := public.fn_iu_compose(
    'tpl:file:status-report/v2', 'file', 'Weekly status report', 'What a team reports every week, in three sentences first.',
    (select jsonb_agg(jsonb_build_object('role', 'body', 'iu_id', piece.iu_id) order by piece.place)
     from (
       select (v_piece ->> 'iu_id')::uuid as iu_id, 0 as place
       union all
       select m.iu_id, m.piece_order
       from public.iu_piece_membership m where m.collection_id = v_v1 and m.membership_status = 'active'
     ) piece),
    'iu-core-25000x');
  v_v2 := (v_outcome ->> 'collection_id')::uuid;

  for v_outcome in
    select v_piece
    union all select v_outcome
    union all select public.fn_iu_collection_mark_template(v_v2, 'iu-core-25000x', null)
    union all select public.fn_iu_collection_register_template_version(
      v_v1, 'tpl:file:status-report', 'v1', 1, null, 'iu-core-25000x')
    union all select public.fn_iu_collection_register_template_version(
      v_v2, 'tpl:file:status-report', 'v2', 2, v_v1, 'iu-core-25000x')
  loop
    if v_outcome ->> 'status' <> 'ok' then
      raise exception 'the replay was refused: %', v_outcome;
    end if;
  end loop;
end
$$;

-- 2. One durable instance. 3. Twelve more in bulk: eight workflows, four files.
do $$
declare
  v_run record;
  v_outcome jsonb;
begin
  for v_run in
    select '25000d25-0000-4000-8000-000000000001'::uuid as event_id, 'tpl:wf:onboarding/v2' as template_key,
           '25000x-durable-001' as suffix, 'iu-core-25000x-durable' as actor, 'durable proof' as note
    union all
    select ('25000b00-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'tpl:wf:onboarding/v2',
           '25000x-bulk-wf-' || lpad(n::text, 3, '0'), 'iu-core-25000x-bulk', 'bulk scale-out'
    from generate_series(1, 8) as n
    union all
    select ('25000b10-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'tpl:file:status-report/v2',
           '25000x-bulk-file-' || lpad(n::text, 3, '0'), 'iu-core-25000x-bulk', 'bulk scale-out'
    from generate_series(1, 4) as n
  loop
    v_outcome := public.fn_iu_auto_instantiate_from_event(
      v_run.event_id, 'iu.template.instance_auto_composed',
      (select c.id from public.iu_piece_collection c where c.collection_key = v_run.template_key),
      v_run.suffix, 'live', v_run.actor, v_run.note);
    if v_outcome ->> 'status' <> 'ok' then
      raise exception '% was answered with %', v_run.suffix, v_outcome;
    end if;
  end loop;
end
$$;

select public.fn_iu_gates_put_back(g.opened, 'iu-core-25000x', 'replay of 25000x') from replay_gate g;
