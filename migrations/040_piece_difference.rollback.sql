drop view if exists public.v_iu_template_instance;
drop function if exists public.fn_iu_manifest_difference(text, text);
drop function if exists public.fn_iu_manifest_members(text);
drop function if exists public.fn_iu_longest_increasing(integer[]);
