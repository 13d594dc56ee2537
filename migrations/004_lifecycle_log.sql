-- Lifecycle log: what became of a piece over its life.

create table public.iu_lifecycle_log (
  id bigint generated always as identity primary key,
  iu_id uuid not null references public.information_unit (id) on delete restrict,
  change text not null,
  from_status text,
  to_status text not null,
  actor text not null,
  reason text,
  created_at timestamptz not null default now()
);

create index iu_lifecycle_log_iu_id on public.iu_lifecycle_log (iu_id, id);

comment on table public.iu_lifecycle_log is
  'Lifecycle log: one row per change of a piece''s life (enacted, split, merged, retired, superseded); creation is none.';
