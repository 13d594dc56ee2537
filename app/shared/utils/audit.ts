const WORDS: Record<string, string> = {
  sign_in: 'Sign-in',
  sign_out: 'Sign-out',
  second_factor: 'Second factor',
  second_factor_offered: 'Second factor begun',
  second_factor_on: 'Second factor turned on',
  second_factor_off: 'Second factor turned off',
  second_factor_removed: 'Second factor taken off',
  password_changed: 'Password changed',
  invitation_created: 'Link made',
  invitation_accepted: 'Link used',
  person_added: 'Person added',
  person_disabled: 'Person disabled',
  person_enabled: 'Person let in again',
  role_changed: 'Role changed',
  sessions_ended: 'Sessions ended',
  token_created: 'Token made',
  token_revoked: 'Token revoked',
  denied: 'Not allowed',
  preview: 'Preview',
  run: 'Run',
}

/**
 * @param kind of an entry of the audit, as SQL has it
 * @returns the kind in an operator's words
 */
export const auditWord = (kind: string): string => WORDS[kind] ?? kind.replaceAll('_', ' ')
