-- Pieces: the addressable units of text that everything else arranges by reference.

create function public.fn_iu_text_digest(p_text text)
  returns text
  language sql
  -- convert_to is only stable because conversions can be redefined; a UTF8 database converts nothing here.
  immutable
  strict
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
  select encode(sha256(convert_to(p_text, 'UTF8')), 'hex')
$$;
comment on function public.fn_iu_text_digest(text) is
  'SHA-256 of a text''s UTF-8 bytes in lower-case hex.';
revoke execute on function public.fn_iu_text_digest(text) from public;

create table public.information_unit (
  id uuid primary key default gen_random_uuid(),
  canonical_address text not null unique,
  title text not null,
  body text not null,
  lifecycle_status text not null default 'active',
  content_digest text not null generated always as (public.fn_iu_text_digest(body)) stored,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint information_unit_address_not_blank check (btrim(canonical_address) <> ''),
  constraint information_unit_status_known check (lifecycle_status in ('active', 'superseded', 'retired'))
);

comment on table public.information_unit is
  'Pieces: one row per addressable piece of text; collections hold pieces by reference.';
comment on column public.information_unit.canonical_address is
  'The one address of the piece, such as file/status-report/highlights.';
comment on column public.information_unit.content_digest is
  'SHA-256 of the text in lower-case hex, kept by the database itself.';
