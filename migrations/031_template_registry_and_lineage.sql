-- Templates and what was made from them: the registry and the lineage of instances.

create table public.iu_collection_template_registry (
  collection_id uuid primary key references public.iu_piece_collection (id) on delete restrict,
  is_template boolean not null default true,
  marked_by text not null,
  marked_at timestamptz not null default now(),
  note text
);
comment on table public.iu_collection_template_registry is
  'Template registry: the collections that are marked as templates.';

create table public.iu_collection_template_instance_lineage (
  instance_collection_id uuid primary key references public.iu_piece_collection (id) on delete restrict,
  template_collection_id uuid not null references public.iu_piece_collection (id) on delete restrict,
  base_manifest_digest text not null references public.iu_manifest (manifest_digest) on delete restrict,
  instantiated_by text not null,
  instantiated_at timestamptz not null default now(),
  note text,
  constraint iu_collection_template_instance_lineage_not_self check (instance_collection_id <> template_collection_id)
);
create index iu_collection_template_instance_lineage_template
  on public.iu_collection_template_instance_lineage (template_collection_id, instantiated_at desc);
create index iu_collection_template_instance_lineage_base
  on public.iu_collection_template_instance_lineage (base_manifest_digest);
create index iu_collection_template_instance_lineage_instantiated_by
  on public.iu_collection_template_instance_lineage (instantiated_by);
comment on table public.iu_collection_template_instance_lineage is
  'Lineage: which template each instance was composed from, by whom and when.';
comment on column public.iu_collection_template_instance_lineage.base_manifest_digest is
  'The template''s digest when the instance was composed: the base against which drift of either side is told.';

create function public.fn_iu_collection_mark_template(p_collection_id uuid, p_actor text, p_note text default null)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  if p_collection_id is null then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_collection_id');
  elsif coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_actor');
  elsif length(p_note) > 2000 then
    return jsonb_build_object('status', 'invalid_input', 'field', 'p_note');
  elsif not exists (select from public.iu_piece_collection c where c.id = p_collection_id) then
    return jsonb_build_object('status', 'collection_not_found', 'field', 'p_collection_id');
  end if;

  insert into public.iu_collection_template_registry as r (collection_id, marked_by, note)
  values (p_collection_id, p_actor, p_note)
  on conflict (collection_id) do update
    set is_template = true, marked_by = excluded.marked_by, marked_at = now(), note = excluded.note
    where not r.is_template;
  return jsonb_build_object('status', 'ok', 'collection_id', p_collection_id, 'changed', found);
end
$$;
comment on function public.fn_iu_collection_mark_template(uuid, text, text) is
  'Marks a collection as a template; marking it again changes nothing. Refuses with invalid_input, collection_not_found.';

create function public.fn_iu_collection_record_template_instance(
  p_instance uuid,
  p_template uuid,
  p_actor text,
  p_note text
)
  returns jsonb
  language plpgsql
  volatile
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  v_base_digest text;
  v_recorded_template uuid;
  v_field text;
begin
  v_field := case
    when p_instance is null then 'p_instance'
    when p_template is null then 'p_template'
    when coalesce(p_actor, '') !~ '\S' or length(p_actor) > 128 then 'p_actor'
    when length(p_note) > 2000 then 'p_note'
  end;
  if v_field is not null then
    return jsonb_build_object('status', 'invalid_input', 'field', v_field);
  end if;

  if not exists (select from public.iu_piece_collection c where c.id = p_instance) then
    return jsonb_build_object('status', 'collection_not_found', 'field', 'p_instance');
  end if;
  -- The share lock keeps the template's members as they are until the commit: the base is what it is then.
  select c.manifest_digest into v_base_digest from public.iu_piece_collection c where c.id = p_template for share;
  if not found then
    return jsonb_build_object('status', 'collection_not_found', 'field', 'p_template');
  end if;

  if not exists (
    select from public.iu_collection_template_registry r where r.collection_id = p_template and r.is_template
  ) then
    return jsonb_build_object('status', 'template_not_marked', 'field', 'p_template');
  end if;
  if p_instance = p_template then
    return jsonb_build_object('status', 'self_instance_refused', 'field', 'p_instance');
  end if;

  insert into public.iu_collection_template_instance_lineage
    (instance_collection_id, template_collection_id, base_manifest_digest, instantiated_by, note)
  values (p_instance, p_template, v_base_digest, p_actor, p_note)
  on conflict (instance_collection_id) do nothing;
  if found then
    return jsonb_build_object('status', 'ok', 'instance_collection_id', p_instance,
                              'template_collection_id', p_template, 'already_recorded', false);
  end if;

  select l.template_collection_id into v_recorded_template
  from public.iu_collection_template_instance_lineage l
  where l.instance_collection_id = p_instance;
  if v_recorded_template is distinct from p_template then
    return jsonb_build_object('status', 'lineage_conflict', 'field', 'p_instance',
                              'recorded_template_collection_id', v_recorded_template);
  end if;
  return jsonb_build_object('status', 'ok', 'instance_collection_id', p_instance,
                            'template_collection_id', p_template, 'already_recorded', true);
end
$$;
comment on function public.fn_iu_collection_record_template_instance(uuid, uuid, text, text) is
  'Records that a collection is an instance of a template; the same pair again is ok. Refuses with invalid_input, '
  'collection_not_found, template_not_marked, self_instance_refused, lineage_conflict.';

revoke execute on function
  public.fn_iu_collection_mark_template(uuid, text, text),
  public.fn_iu_collection_record_template_instance(uuid, uuid, text, text)
from public;
