drop view public.v_iu_template_instance;
drop function public.fn_iu_manifest_difference(text, text);
drop function public.fn_iu_manifest_members(text);
drop function public.fn_iu_longest_increasing(integer[]);
