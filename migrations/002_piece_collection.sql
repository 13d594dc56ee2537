-- Collections and memberships: which pieces stand where.

create table public.iu_piece_collection (
  id uuid primary key default gen_random_uuid(),
  collection_key text not null unique,
  collection_kind text not null,
  title text not null,
  description text,
  collection_status text not null default 'active',
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint iu_piece_collection_key_not_blank check (btrim(collection_key) <> ''),
  constraint iu_piece_collection_kind_not_blank check (btrim(collection_kind) <> ''),
  constraint iu_piece_collection_status_known check (collection_status in ('active', 'retired'))
);

comment on table public.iu_piece_collection is
  'Collections: an ordered list of pieces under one key; templates and instances are collections.';

create table public.iu_piece_membership (
  id uuid primary key default gen_random_uuid(),
  collection_id uuid not null references public.iu_piece_collection (id) on delete restrict,
  iu_id uuid not null references public.information_unit (id) on delete restrict,
  piece_order integer not null,
  role text not null default 'body',
  membership_status text not null default 'active',
  created_at timestamptz not null default now(),
  constraint iu_piece_membership_role_not_blank check (btrim(role) <> ''),
  constraint iu_piece_membership_status_known check (membership_status in ('active', 'removed'))
);

-- A piece stands at one place in a collection; removed rows stay as history.
create unique index iu_piece_membership_one_active_place
  on public.iu_piece_membership (collection_id, iu_id) where membership_status = 'active';
-- Not unique: two pieces change places by hand in two statements. Ties are broken by iu_id.
create index iu_piece_membership_reading_order
  on public.iu_piece_membership (collection_id, piece_order, iu_id) where membership_status = 'active';
create index iu_piece_membership_collection_id on public.iu_piece_membership (collection_id);
create index iu_piece_membership_iu_id on public.iu_piece_membership (iu_id);

comment on table public.iu_piece_membership is
  'Memberships: one piece at one place in one collection, active or removed.';
comment on column public.iu_piece_membership.piece_order is
  'Sorts the pieces of a collection; gaps do not matter, the position is the rank.';
