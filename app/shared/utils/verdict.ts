import type { Overview } from '#shared/schemas/shell'
import { plural } from '#shared/utils/format'
import { surfaceWords } from '#shared/utils/health'

/** Is all well? The answer the overview opens with. */
export interface Verdict {
  well: boolean
  title: string
  /** One sentence with the facts behind the title. */
  sentence: string
}

type Facts = Pick<Overview, 'instances' | 'diverged' | 'templates_without_version' | 'versions_without_marker' | 'gates' | 'red_surfaces' | 'refused_last_day'>

function list(parts: string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}

function driftFact({ instances, diverged }: Facts): string {
  if (instances === 0) return 'there are no instances yet'
  if (diverged > 0) return `${plural(diverged, 'instance')} of ${instances} no longer ${diverged === 1 ? 'matches its' : 'match their'} template`
  return instances === 1 ? 'the one instance matches its template' : `all ${plural(instances, 'instance')} match their templates`
}

function gateFact({ gates }: Facts): string {
  return gates.open.length === 0 ? `all ${gates.total} gates are closed` : `${plural(gates.open.length, 'gate')} ${gates.open.length === 1 ? 'is' : 'are'} open`
}

/** Surfaces that are red for a reason which is not told already. */
function untold({ gates, versions_without_marker, red_surfaces }: Facts): string[] {
  const told = [gates.open.length > 0 && 'gates', versions_without_marker > 0 && 'version_chain']
  return red_surfaces.filter(surface => !told.includes(surface))
}

const NUMBERS = ['No', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine']

/**
 * Judges the overview. Only what an operator would act on counts: drift, an open gate, a version that lost its marker, a
 * red surface of the healthcheck.
 * A template without a version is legitimate and a refusal is the rules at work: both are told, neither is a worry.
 * @param facts figures of `GET /api/overview`
 * @returns the answer and its reasons, worries first
 */
export function verdict(facts: Facts): Verdict {
  const red = untold(facts)
  const worries = [facts.diverged > 0, facts.gates.open.length > 0, facts.versions_without_marker > 0].filter(Boolean).length + red.length
  const parts = [driftFact(facts), gateFact(facts)]
  if (facts.versions_without_marker > 0) parts.push(`${plural(facts.versions_without_marker, 'version')} lost the template marker`)
  if (red.length > 0) parts.push(`health is red: ${red.map(surface => surfaceWords(surface).title.toLowerCase()).join(', ')}`)
  if (facts.refused_last_day > 0) parts.push(`${plural(facts.refused_last_day, 'request')} ${facts.refused_last_day === 1 ? 'was' : 'were'} refused in the last day`)
  const sentence = list(parts)
  return {
    well: worries === 0,
    title: worries === 0 ? 'All is well' : `${NUMBERS[worries] ?? worries} ${worries === 1 ? 'thing' : 'things'} to look at`,
    sentence: `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`,
  }
}
