-- The outbox, the event types it knows and the routes they take.

create table public.event_type_registry (
  event_type text primary key,
  event_domain text not null,
  event_stream text not null,
  delivery_lane text not null,
  active boolean not null default true,
  description text not null default ''
);
comment on table public.event_type_registry is
  'Event types: domain, stream, delivery lane, and whether the type is in use.';

create table public.route_registry (
  route_key text primary key,
  event_type text not null references public.event_type_registry (event_type) on delete restrict,
  target text not null,
  active boolean not null default true
);
create index route_registry_event_type on public.route_registry (event_type);
comment on table public.route_registry is
  'Routes: along which an event type is delivered. A type without a route stays inside.';

create table public.event_outbox (
  id uuid primary key default gen_random_uuid(),
  event_domain text not null,
  event_type text not null,
  canonical_address text,
  subject_ref uuid,
  actor text,
  safe_payload jsonb not null default '{}',
  created_at timestamptz not null default now()
);
-- No foreign key to the registry: the outbox keeps events of domains that are not ours.
create index event_outbox_newest on public.event_outbox (created_at desc, id desc);
create index event_outbox_domain on public.event_outbox (event_domain, created_at desc, id desc);
create index event_outbox_subject_ref on public.event_outbox (subject_ref);
comment on table public.event_outbox is
  'Outbox: what happened, in the transaction in which it happened.';

insert into public.event_type_registry (event_type, event_domain, event_stream, delivery_lane, description) values
  ('iu.collection.composed', 'iu', 'update', 'delayed', 'A collection was composed.'),
  ('iu.collection.piece_attached', 'iu', 'update', 'delayed', 'A piece was attached to a collection when it was composed.'),
  ('iu.piece.revised', 'iu', 'update', 'delayed', 'The text of a piece was revised.');
