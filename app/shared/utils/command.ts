const WORDS: Record<string, string> = {
  auto_instantiate_from_event: 'Orchestrate',
  auto_instantiate_rollback_by_actor: 'Roll back by actor',
  register_template_version: 'Register a version',
  retire_template_version: 'Retire a version',
  gate_set: 'Set a gate',
}

/**
 * @param name a governed command as the catalog has it, e.g. `dot_iu_auto_instantiate_from_event`
 * @returns the command in an operator's words; an unknown one without its prefix
 */
export function commandWord(name: string): string {
  const bare = name.replace(/^dot_iu_/, '')
  return WORDS[bare] ?? bare.replaceAll('_', ' ')
}

/**
 * @param name a governed command as the catalog has it
 * @returns whether it is run dry or live; the others just do what they are called
 */
export const hasMode = (name: string): boolean => name.startsWith('dot_iu_auto_instantiate_')
