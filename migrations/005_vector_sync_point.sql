-- Vector sync points: which pieces the search index has, and with which text. Nothing here writes to that index.

create table public.iu_vector_sync_point (
  id uuid primary key default gen_random_uuid(),
  iu_id uuid not null references public.information_unit (id) on delete restrict,
  vector_collection text not null,
  content_digest text not null,
  synced_at timestamptz not null default now(),
  unique (iu_id, vector_collection)
);

comment on table public.iu_vector_sync_point is
  'Vector sync points: one row per piece that the vector index holds, with the digest of the text it was built from.';
