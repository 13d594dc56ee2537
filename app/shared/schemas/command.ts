import { z } from 'zod'
import { Actor, Id, MAX_ROLE, Note, PageQuery, SearchText, Timestamp, oneLine, page, storable } from './common'
import { Gate } from './gate'
import { CommandRun } from './run'

/** `POST` of a composition: the names are the SQL function's parameters. */
export const ComposeRequest = z.object({
  collection_key: oneLine(z.string().trim().min(1, 'a key is needed').max(400)),
  collection_kind: oneLine(z.string().trim().min(1, 'a kind is needed').max(64)),
  title: oneLine(z.string().trim().min(1, 'a title is needed').max(400)),
  description: storable(z.string().trim().max(10_000)).nullish(),
  /** In order; without a role a piece is `body`. */
  pieces: z.array(z.object({ iu_id: Id, role: oneLine(z.string().trim().min(1).max(MAX_ROLE)).optional() }).strict()).min(1, 'name at least one piece'),
  actor: Actor,
  /** Open the gate it needs inside the transaction, and put it back before the commit. */
  open_gates: z.boolean().default(false),
}).strict()
export type ComposeRequest = z.infer<typeof ComposeRequest>

export const MarkTemplateRequest = z.object({ collection_id: Id, actor: Actor, note: Note.nullish() }).strict()
export type MarkTemplateRequest = z.infer<typeof MarkTemplateRequest>

export const RecordInstanceRequest = z.object({
  instance_collection_id: Id,
  template_collection_id: Id,
  actor: Actor,
  note: Note.nullish(),
}).strict()
export type RecordInstanceRequest = z.infer<typeof RecordInstanceRequest>

/** What a refresh of the three-axis envelope, and a healthcheck, are asked for by. */
export const ActorRequest = z.object({ actor: Actor }).strict()
export type ActorRequest = z.infer<typeof ActorRequest>

/** Route parameter `:name`. */
export const CommandNameParam = z.object({ name: storable(z.string().max(200)) })

/** One row of `v_iu_command_catalog`, and how this console runs it. */
export const CatalogRow = z.object({
  command_name: z.string(),
  category: z.string(),
  mutating: z.boolean(),
  /** Whether another governed command takes its effect back. */
  reversible: z.boolean(),
  description: z.string(),
  target_functions: z.array(z.string()),
  /** Targets that the database does not have. */
  missing_functions: z.array(z.string()),
  /** What it needs live; a command without a dry run needs them always. */
  gates: z.array(z.string()),
  /** Those of them that a dry run needs. */
  dry_run_gates: z.array(z.string()),
  closed_gates: z.array(z.string()),
  last_run_id: Id.nullable(),
  last_run_at: Timestamp.nullable(),
  last_run_status: z.string().nullable(),
  last_run_refused: z.boolean().nullable(),
  last_run_operator: z.string().nullable(),
  runs_last_day: z.number().int(),
  /** Of the catalogue of governed commands; else the console's own. */
  governed: z.boolean(),
  runnable: z.boolean(),
  /** The page that runs it; null: the command line alone. */
  page: z.string().nullable(),
})
export type CatalogRow = z.infer<typeof CatalogRow>

/** `GET /api/commands`: by category, then name. */
export const Catalog = z.object({ rows: z.array(CatalogRow) })
export type Catalog = z.infer<typeof Catalog>

/** One parameter of a command, as the command line takes it. */
export const CommandParameter = z.object({
  name: z.string(),
  /** `text`, `yes or no`, `number`, `JSON`, or the values it may have. */
  takes: z.string(),
  required: z.boolean(),
  /** What it is when it is left out; null: nothing. */
  default: z.string().nullable(),
})
export type CommandParameter = z.infer<typeof CommandParameter>

/**
 * `GET /api/commands/:name`: what running it would do, by its example. Nothing is run. `gates` are those of
 * `command.gates` as they stand: which of them a dry run needs is in `command.dry_run_gates`.
 */
export const CommandDetail = z.object({
  command: CatalogRow,
  parameters: z.array(CommandParameter),
  gates: z.array(Gate),
  /** null when this console cannot run it. */
  example: z.object({
    /** What to type. */
    line: z.string(),
    /** The statement it would send; null when what the example names is not in this database. */
    sql: z.string().nullable(),
  }).nullable(),
})
export type CommandDetail = z.infer<typeof CommandDetail>

/** Filters of the list of runs. */
export const RunFilters = z.object({
  q: SearchText.optional(),
  command: SearchText.optional(),
  operator: SearchText.optional(),
  actor: SearchText.optional(),
  phase: z.enum(['preview', 'run']).optional(),
  outcome: z.enum(['done', 'refused', 'failed']).optional(),
  within: z.enum(['hour', 'day', 'week']).optional(),
  /** A day, in UTC. */
  on: z.iso.date().refine(day => day >= '0001-01-01', 'not a day').optional(),
})
export const RunQuery = PageQuery.extend(RunFilters.shape)
export type RunQuery = z.infer<typeof RunQuery>

/** One row of the list of runs, newest first. */
export const RunRow = CommandRun.pick({
  id: true, command_name: true, phase: true, operator: true, actor: true, reason: true, dry_run: true, status: true, refused: true,
  started_at: true, duration_ms: true,
})
export type RunRow = z.infer<typeof RunRow>
export const RunPage = page(RunRow)
export type RunPage = z.infer<typeof RunPage>

/** `GET /api/runs/choices`: what is on record, for the filters. */
export const RunChoices = z.object({ commands: z.array(z.string()), operators: z.array(z.string()), actors: z.array(z.string()) })
export type RunChoices = z.infer<typeof RunChoices>
