import type { CommandRun } from '#shared/schemas/run'

/**
 * What a form starts with when its address names a run, `?from=` and its id: the values of that run.
 * @param commands whose runs the form can repeat; one of another command is passed over
 * @returns value by parameter, not checked; empty when the address names no such run
 */
export async function useRunAgain(...commands: string[]): Promise<Record<string, unknown>> {
  const { from } = useRoute().query
  if (typeof from !== 'string') return {}
  const { data: run } = await useFetch<CommandRun>(`/api/runs/${encodeURIComponent(from)}`, { key: `again-${from}` })
  if (!run.value || !commands.includes(run.value.command_name)) return {}
  return Object.fromEntries(Object.entries(run.value.parameters).map(([name, value]) => [name.replace(/^p_/, ''), value]))
}

/** @returns the value when it is text, else an empty one: what an address or a record gives for a text field */
export const asText = (value: unknown): string => (typeof value === 'string' ? value : '')
