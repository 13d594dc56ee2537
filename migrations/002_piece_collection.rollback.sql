-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_002', true), '') <> 'true'
     and exists (select from public.iu_piece_collection) then
    raise exception '002 rollback REFUSED: iu_piece_collection holds rows'
      using hint = 'SET iu_core.force_rollback_002 = ''true'' drops them, with their memberships.';
  end if;

  drop table public.iu_piece_membership;
  drop table public.iu_piece_collection;
end
$rollback$;
