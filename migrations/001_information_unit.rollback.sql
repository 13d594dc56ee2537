do $guard$
begin
  if coalesce(current_setting('iu_core.force_rollback_001', true), '') <> 'true'
     and exists (select from public.information_unit) then
    raise exception '001 rollback REFUSED: information_unit holds rows'
      using hint = 'SET iu_core.force_rollback_001 = ''true'' drops them.';
  end if;
end
$guard$;

drop table public.information_unit;
drop function public.fn_iu_text_digest(text);
