-- The record of previews and runs: who asked for what, when, and what came of it.

create table public.dot_iu_command_run (
  id uuid primary key default gen_random_uuid(),
  command_name text not null,
  phase text not null,
  operator text not null,
  address text,
  actor text,
  reason text,
  parameters jsonb not null,
  dry_run boolean not null,
  status text not null,
  refused boolean not null,
  result jsonb not null,
  effects jsonb,
  preview_id uuid references public.dot_iu_command_run (id) on delete restrict,
  started_at timestamptz not null,
  duration_ms numeric(12, 1) not null,
  constraint dot_iu_command_run_phase_known check (phase in ('preview', 'run')),
  constraint dot_iu_command_run_preview_of_run check (preview_id is null or phase = 'run')
);
create index dot_iu_command_run_newest on public.dot_iu_command_run (started_at desc, id desc);
create index dot_iu_command_run_command_name on public.dot_iu_command_run (command_name, started_at desc);
create index dot_iu_command_run_preview_id on public.dot_iu_command_run (preview_id);

comment on table public.dot_iu_command_run is
  'Runs of governed commands, previews and refusals too: who, for which actor, with what, and what it changed.';
comment on column public.dot_iu_command_run.address is
  'Where the request came from; null for the command line.';
comment on column public.dot_iu_command_run.operator is
  'The person at the console or the command line; actor is the tag that the rows were written under.';

create function public.fn_iu_command_run_record(p_run jsonb)
  returns uuid
  language sql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
  insert into public.dot_iu_command_run (
    command_name, phase, operator, address, actor, reason, parameters, dry_run,
    status, refused, result, effects, preview_id, started_at, duration_ms)
  select r.command_name, r.phase, r.operator, r.address, r.actor, r.reason, r.parameters, r.dry_run,
         r.status, r.refused, r.result, r.effects, r.preview_id, r.started_at, r.duration_ms
  from jsonb_to_record(p_run) as r (
    command_name text, phase text, operator text, address text, actor text, reason text, parameters jsonb, dry_run boolean,
    status text, refused boolean, result jsonb, effects jsonb, preview_id uuid, started_at timestamptz, duration_ms numeric)
  returning id
$$;
comment on function public.fn_iu_command_run_record(jsonb) is
  'Adds one row to dot_iu_command_run from an object with the columns as keys; returns its id.';

revoke execute on function public.fn_iu_command_run_record(jsonb) from public;
