-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  -- The envelope itself is a cache: it can be computed anew and is not guarded.
  if coalesce(current_setting('iu_core.force_rollback_024', true), '') <> 'true' then
    if exists (select from public.iu_three_axis_envelope_refresh_log)
       or exists (select from public.iu_three_axis_envelope_trigger_error_log) then
      raise exception '024 rollback REFUSED: the refresh log or the error log of the three-axis envelope holds rows'
        using hint = 'SET iu_core.force_rollback_024 = ''true'' drops them, with the envelope.';
    end if;
    if exists (
      select from public.iu_three_axis a
      where (a.axis_key, a.address_pattern) not in (
        ('DIEU-28', 'law/dieu-28/%'), ('DIEU-32', 'law/dieu-32/%'), ('DIEU-35', 'law/dieu-35/%'))
    ) then
      raise exception '024 rollback REFUSED: iu_three_axis holds axes of its operators'
        using hint = 'SET iu_core.force_rollback_024 = ''true'' drops them.';
    end if;
  end if;

  drop view public.v_iu_three_axis_envelope;
  drop trigger iu_three_axis_envelope_piece_deleted on public.information_unit;
  drop trigger iu_three_axis_envelope_piece_changed on public.information_unit;
  drop trigger iu_three_axis_envelope_piece_added on public.information_unit;
  drop function public.fn_iu_three_axis_envelope_piece_trigger();
  drop table public.iu_three_axis_envelope_request;
  drop function public.fn_iu_three_axis_envelope_request_trigger();
  drop function public.fn_iu_three_axis_envelope_request(text);
  drop function public.fn_iu_three_axis_auto_refresh_enabled();
  drop function public.fn_iu_three_axis_envelope_refresh_if_stale(text);
  drop function public.fn_iu_three_axis_envelope_is_stale();
  drop function public.fn_iu_three_axis_envelope_refresh(text);
  drop function public.fn_iu_three_axis_envelope_wanted();
  drop table public.iu_three_axis_envelope_trigger_error_log;
  drop table public.iu_three_axis_envelope_refresh_log;
  drop table public.iu_three_axis_envelope;
  drop table public.iu_three_axis;
end
$rollback$;
