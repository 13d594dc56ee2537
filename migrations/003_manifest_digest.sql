-- Manifests: what a collection is made of, content-addressed, and the digest that the database keeps on every way in.

create table public.iu_manifest (
  manifest_digest text primary key,
  pieces jsonb not null,
  piece_count integer not null generated always as (jsonb_array_length(pieces)) stored,
  first_seen_at timestamptz not null default now(),
  constraint iu_manifest_is_content_addressed
    check (manifest_digest = public.fn_iu_text_digest(pieces::text))
);

comment on table public.iu_manifest is
  'Manifests: every distinct ordered list of members once, under the SHA-256 of its JSON text, which PostgreSQL writes in one canonical form.';
comment on column public.iu_manifest.pieces is
  'Array of {position, role, iu_id} in order of position, which counts from 1.';

create function public.fn_iu_manifest_pieces(p_collection_id uuid)
  returns jsonb
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    jsonb_agg(jsonb_build_object('position', member.position, 'role', member.role, 'iu_id', member.iu_id)
              order by member.position),
    '[]'::jsonb)
  from (
    select row_number() over (order by m.piece_order, m.iu_id) as position, m.role, m.iu_id
    from public.iu_piece_membership m
    where m.collection_id = p_collection_id
      and m.membership_status = 'active'
  ) member
$$;
comment on function public.fn_iu_manifest_pieces(uuid) is
  'The active members of a collection as its manifest lists them: position (rank by piece_order), role, piece id.';

insert into public.iu_manifest (manifest_digest, pieces)
values (public.fn_iu_text_digest('[]'), '[]');

-- The column is new and empty: there is nothing to scan.
alter table public.iu_piece_collection
  -- squawk-ignore adding-foreign-key-constraint
  add column manifest_digest text references public.iu_manifest (manifest_digest) on delete restrict;

create function public.fn_iu_collection_digest_trigger()
  returns trigger
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  -- A row trigger runs after the row is locked, so this reads what a concurrent edit has committed meanwhile.
  v_pieces jsonb := public.fn_iu_manifest_pieces(new.id);
begin
  new.manifest_digest := public.fn_iu_text_digest(v_pieces::text);
  insert into public.iu_manifest (manifest_digest, pieces)
  values (new.manifest_digest, v_pieces)
  on conflict (manifest_digest) do nothing;
  if tg_op = 'UPDATE' and new.manifest_digest is distinct from old.manifest_digest then
    new.updated_at := now();
  end if;
  return new;
end
$$;
comment on function public.fn_iu_collection_digest_trigger() is
  'Trigger: computes a collection''s manifest digest from its members; a digest written by hand is overruled.';

create trigger iu_piece_collection_digest
  before insert or update of manifest_digest on public.iu_piece_collection
  for each row execute function public.fn_iu_collection_digest_trigger();

update public.iu_piece_collection set manifest_digest = manifest_digest;
-- The update above has locked every row already.
-- squawk-ignore adding-not-nullable-field
alter table public.iu_piece_collection alter column manifest_digest set not null;
create index iu_piece_collection_manifest_digest on public.iu_piece_collection (manifest_digest);
comment on column public.iu_piece_collection.manifest_digest is
  'Fingerprint of the ordered active members: position, role, piece id; not of key, title or text.';

create function public.fn_iu_membership_digest_trigger()
  returns trigger
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_collection_ids uuid[];
begin
  -- Branches, not one expression: each event has only its own transition tables.
  if tg_op = 'INSERT' then
    v_collection_ids := array(select distinct n.collection_id from new_rows n);
  elsif tg_op = 'DELETE' then
    v_collection_ids := array(select distinct o.collection_id from old_rows o);
  elsif tg_op = 'UPDATE' then
    v_collection_ids := array(select n.collection_id from new_rows n union select o.collection_id from old_rows o);
  else
    v_collection_ids := array(select c.id from public.iu_piece_collection c);
  end if;
  -- One order for everybody, so that two edits of the same collections wait instead of deadlocking.
  perform from public.iu_piece_collection c where c.id = any (v_collection_ids) order by c.id for no key update;
  update public.iu_piece_collection c set manifest_digest = c.manifest_digest where c.id = any (v_collection_ids);
  return null;
end
$$;
comment on function public.fn_iu_membership_digest_trigger() is
  'Trigger: has the digest of every collection computed anew whose members a statement touched.';

create trigger iu_piece_membership_digest_insert
  after insert on public.iu_piece_membership
  referencing new table as new_rows
  for each statement execute function public.fn_iu_membership_digest_trigger();
create trigger iu_piece_membership_digest_update
  after update on public.iu_piece_membership
  referencing old table as old_rows new table as new_rows
  for each statement execute function public.fn_iu_membership_digest_trigger();
create trigger iu_piece_membership_digest_delete
  after delete on public.iu_piece_membership
  referencing old table as old_rows
  for each statement execute function public.fn_iu_membership_digest_trigger();
create trigger iu_piece_membership_digest_truncate
  after truncate on public.iu_piece_membership
  for each statement execute function public.fn_iu_membership_digest_trigger();

revoke execute on function
  public.fn_iu_manifest_pieces(uuid),
  public.fn_iu_collection_digest_trigger(),
  public.fn_iu_membership_digest_trigger()
from public;
