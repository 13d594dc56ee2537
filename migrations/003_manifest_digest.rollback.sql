-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_003', true), '') <> 'true'
     and exists (select from public.iu_manifest m where m.piece_count > 0) then
    raise exception '003 rollback REFUSED: iu_manifest holds rows'
      using hint = 'SET iu_core.force_rollback_003 = ''true'' drops the manifests and the digests.';
  end if;

  drop trigger iu_piece_membership_digest_truncate on public.iu_piece_membership;
  drop trigger iu_piece_membership_digest_delete on public.iu_piece_membership;
  drop trigger iu_piece_membership_digest_update on public.iu_piece_membership;
  drop trigger iu_piece_membership_digest_insert on public.iu_piece_membership;
  drop trigger iu_piece_collection_digest on public.iu_piece_collection;
  drop function public.fn_iu_membership_digest_trigger();
  drop function public.fn_iu_collection_digest_trigger();
  alter table public.iu_piece_collection drop column manifest_digest;
  drop function public.fn_iu_manifest_pieces(uuid);
  drop table public.iu_manifest;
end
$rollback$;
