-- One block: psql goes on after an error, and drops below a refused guard would still run.
do $rollback$
begin
  if coalesce(current_setting('iu_core.force_rollback_049', true), '') <> 'true'
     and (exists (select from console.person) or exists (select from console.audit_entry)) then
    raise exception '049 rollback REFUSED: person or audit_entry holds rows'
      using hint = 'SET iu_core.force_rollback_049 = ''true'' drops the accounts and the audit.';
  end if;

  drop function console.fn_token_person(text);
  drop function console.fn_token_revoke(uuid, uuid, text, text);
  drop function console.fn_token_create(uuid, text, text, text, timestamptz, text);
  drop function console.fn_second_factor_remove(uuid, text, text);
  drop function console.fn_sessions_end(uuid, uuid, text, text);
  drop function console.fn_person_set(uuid, text, boolean, text, text);
  drop function console.fn_person_add(text, text, text, text, text);
  drop function console.fn_invitation_accept(text, text, text, text, text);
  drop function console.fn_invitation_create(uuid, text, integer, text, text);
  drop function console.fn_sign_in_succeeded(text, text);
  drop function console.fn_sign_in_admit(text, text);
  drop function console.fn_audit_record(text, text, text, text, text, jsonb);
  drop view console.v_audit;
  drop table console.audit_entry;
  drop table console.sign_in_attempt;
  drop table console.token;
  drop table console.invitation;
  drop table console.second_factor;
  drop table console.verification;
  drop table console.sign_in_method;
  drop table console.session;
  drop table console.person;
end
$rollback$;
