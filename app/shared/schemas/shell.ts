import { z } from 'zod'
import { SearchText, Timestamp } from './common'
import { EventLogRow } from './event'
import { CommandRun } from './run'

/** `GET /api/shell`: what stands around every page. */
export const Shell = z.object({
  operator: z.object({ name: z.string(), role: z.string() }),
  counts: z.object({ templates: z.number().int(), families: z.number().int(), pieces: z.number().int(), events: z.number().int() }),
  gates: z.object({ total: z.number().int(), open: z.array(z.string()) }),
})
export type Shell = z.infer<typeof Shell>

/** `GET /api/search?q=`: at most 8 of each kind, best first. */
export const SearchQuery = z.object({ q: SearchText.default('') })
export const SearchHit = z.object({
  kind: z.enum(['template', 'family', 'instance', 'piece', 'actor']),
  label: z.string(),
  detail: z.string(),
  /** The page's address. */
  to: z.string(),
})
export type SearchHit = z.infer<typeof SearchHit>
export const SearchResult = z.object({ hits: z.array(SearchHit) })

/** `GET /api/overview` */
export const Overview = z.object({
  families: z.number().int(),
  templates: z.number().int(),
  templates_without_version: z.number().int(),
  versions_without_marker: z.number().int(),
  instances: z.number().int(),
  matching: z.number().int(),
  diverged: z.number().int(),
  pieces: z.number().int(),
  collections: z.number().int(),
  gates: z.object({ total: z.number().int(), open: z.array(z.string()) }),
  /** Surfaces of the healthcheck that are red. */
  red_surfaces: z.array(z.string()),
  events_last_day: z.number().int(),
  runs_last_day: z.number().int(),
  refused_last_day: z.number().int(),
  latest_runs: z.array(CommandRun.pick({ id: true, command_name: true, phase: true, operator: true, actor: true, dry_run: true, status: true, refused: true, started_at: true })),
  latest_events: z.array(EventLogRow),
  as_of: Timestamp,
})
export type Overview = z.infer<typeof Overview>
