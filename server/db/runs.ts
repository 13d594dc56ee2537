import { sql } from 'kysely'
import { z } from 'zod'
import { type Db, type Trx, withRolledBackTransaction, withTransaction } from './client'
import { gatesNeeded, openGates, putBackGates } from './gates'
import { type Change, compareWithPreview } from './preview-comparison'
import { countRowChanges, subtractRowChanges } from './row-changes'
import { Stopped, stoppable } from './stoppable'
import { CommandRun, FAILED, PREVIEW_MINUTES, type Effects, type Preview } from '#shared/schemas/run'

/** What every writing SQL function answers with, at the least. */
export const Outcome = z.looseObject({ status: z.string() })
export type Outcome = z.infer<typeof Outcome>

/** What came of performing a command: the function's answer and what it changed. */
export interface Performed { outcome: Outcome, effects: Effects }

/** A governed operation: what the console previews, runs and records. */
export interface Command<Parameters> {
  /** Its name in `v_iu_command_catalog`. */
  name: string
  actor: (parameters: Parameters) => string
  dryRun?: (parameters: Parameters) => boolean
  /**
   * Gates to open inside the transaction where they are closed. Left out: those that the catalogue names, when the
   * parameter `open_gates` asks for it.
   */
  gatesToOpen?: (parameters: Parameters) => string[]
  /** Calls the SQL function, and gathers the objects it concerns. */
  call: (trx: Trx, parameters: Parameters) => Promise<{ outcome: Outcome } & Partial<Pick<Effects, 'instance' | 'rollback' | 'pieces' | 'facts'>>>
}

/** Who asks, from where, and why; aborting the signal stops the work, and nothing of it remains. */
export interface Asked {
  operator: string
  /** The client's address; none for the command line. */
  address?: string
  /** Whether closed gates may be opened inside the transaction: whoever asks on the database itself may. */
  mayOpenGates?: boolean
  reason?: string
  signal?: AbortSignal
}

/** The domain said no; nothing was changed. Carries the function's own answer. */
export class Refusal extends Error {
  constructor(readonly outcome: Outcome) {
    super(outcome.status)
  }
}

/** A run that could not be bound to its preview; nothing was changed. `changes` says what has moved since. */
export class PreviewError extends Refusal {
  constructor(status: 'preview_refused' | 'preview_expired' | 'preview_outdated', readonly changes: Change[] = []) {
    super({ status, changes })
  }
}

/**
 * What a function answered, when it did not refuse.
 * @throws Refusal with the answer
 */
export function settled(outcome: Outcome): Outcome {
  if (outcome.status !== 'ok') throw new Refusal(outcome)
  return outcome
}

/**
 * The gates that a command would open inside its transaction.
 * @param db handle or transaction; the catalogue is read
 * @returns keys, of gates that are open already too
 */
export async function gatesToOpen<P>(db: Db | Trx, command: Command<P>, parameters: P): Promise<string[]> {
  if (command.gatesToOpen) return command.gatesToOpen(parameters)
  if ((parameters as { open_gates?: unknown }).open_gates !== true) return []
  return gatesNeeded(db, command.name, command.dryRun?.(parameters) ?? false)
}

/** An event of a type that is not emitted is passed over in silence: that is no refusal. */
const SUCCESS = new Set(['ok', 'idempotent_replay', 'ignored'])

/** What is kept of a failure: PostgreSQL's code for it. Messages can hold values of rows. */
function failed(error: unknown): Outcome {
  const { code } = (error ?? {}) as { code?: unknown }
  return { status: FAILED, ...(typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? { sqlstate: code } : {}) }
}

async function perform<P>(db: Db, trx: Trx, command: Command<P>, parameters: P, { operator, signal, mayOpenGates = true }: Asked): Promise<Performed> {
  const reason = `${command.name} as ${command.actor(parameters)}`
  const gates = await gatesToOpen(trx, command, parameters)
  const opened = gates.length > 0 ? await openGates(trx, gates, operator, reason) : []
  if (opened.length > 0 && !mayOpenGates) throw new Refusal({ status: 'gate_opening_not_allowed', gate: opened[0]!.key })
  const before = await countRowChanges(trx)
  const { outcome, instance = null, rollback = null, pieces, facts } = await stoppable(db, trx, signal, () => command.call(trx, parameters))
  if (!SUCCESS.has(outcome.status)) throw new Refusal(outcome)
  const tables = subtractRowChanges(await countRowChanges(trx), before)
  if (opened.length > 0) await putBackGates(trx, opened, operator, reason)
  return {
    outcome,
    effects: { tables, gates_opened: opened.map(({ key, was }) => ({ key, was })), instance, rollback, pieces, facts },
  }
}

/** One try at a command: knows how to write down what came of it, a refusal or a failure included. */
function attempt<P>(phase: 'preview' | 'run', command: Command<P>, parameters: P, asked: Asked, previewId: string | null = null) {
  const startedAt = new Date()
  const clock = performance.now()

  async function record(db: Db | Trx, outcome: Outcome, effects: Effects | null): Promise<CommandRun> {
    const row = {
      command_name: command.name, phase, operator: asked.operator, address: asked.address ?? null, actor: command.actor(parameters),
      reason: asked.reason ?? null, parameters, dry_run: command.dryRun?.(parameters) ?? false,
      status: outcome.status, refused: effects === null && outcome.status !== FAILED, result: outcome, effects,
      preview_id: previewId, started_at: startedAt, duration_ms: performance.now() - clock,
    }
    const { rows } = await sql<{ id: string }>`
      select public.fn_iu_command_run_record(${JSON.stringify(row)}::jsonb) as id`.execute(db)
    return (await getRun(db, rows[0]!.id))!
  }

  return {
    record,
    /** Lets the work do its own recording, and records its refusal or failure: outside, because its transaction is gone. */
    async orRecord(db: Db, work: () => Promise<CommandRun>): Promise<CommandRun> {
      try {
        return await work()
      }
      catch (error) {
        const cause = error instanceof Stopped ? new Refusal({ status: 'stopped' }) : error
        if (cause instanceof Refusal) await record(db, cause.outcome, null)
        // Where the database itself is gone there is nowhere to record it; what happened is what the caller hears of.
        else await record(db, failed(cause), null).catch(() => {})
        throw cause
      }
    },
  }
}

/**
 * A recorded preview or run.
 * @returns null when there is none of that id
 */
export async function getRun(db: Db | Trx, id: string): Promise<CommandRun | null> {
  const row = await db.selectFrom('v_iu_command_run').selectAll().where('id', '=', id).executeTakeFirst()
  return row ? CommandRun.parse(row) : null
}

/**
 * A preview that was recorded for a command.
 * @returns null when there is none of that id, or it was for another command
 */
export async function getPreview(db: Db, command: { name: string }, id: string): Promise<CommandRun | null> {
  const run = await getRun(db, id)
  return run?.phase === 'preview' && run.command_name === command.name ? run : null
}

const expiry = (run: CommandRun) => new Date(Date.parse(run.started_at) + PREVIEW_MINUTES * 60_000)

/**
 * Previews a command: runs it in a transaction that is rolled back. Only the record remains.
 * @returns the record: the function's answer, the rows that would change, the objects, the gates it had to open
 * @throws Refusal, recorded
 */
export async function previewCommand<P>(db: Db, command: Command<P>, parameters: P, asked: Asked): Promise<Preview> {
  const { record, orRecord } = attempt('preview', command, parameters, asked)
  const run = await orRecord(db, async () => {
    const { outcome, effects } = await withRolledBackTransaction(db, trx => perform(db, trx, command, parameters, asked))
    return record(db, outcome, effects)
  })
  return { ...run, expires_at: expiry(run).toISOString() }
}

/**
 * Runs what was previewed, and commits only if it comes out as the preview said. Asked twice, it runs once.
 * @param preview as `getPreview` gave it
 * @param parameters the preview's own, checked
 * @returns the record of the run
 * @throws Refusal, and PreviewError when the preview was refused, is too old or the world has moved; all recorded
 */
export function runPreviewed<P>(
  db: Db, command: Command<P>, preview: CommandRun, parameters: P, asked: Asked,
): Promise<CommandRun> {
  const { record, orRecord } = attempt('run', command, parameters, asked, preview.id)
  return orRecord(db, () => withTransaction(db, async (trx) => {
    // A second click waits here and is answered with what the first one did.
    await sql`select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(${preview.id}, 0))`.execute(trx)
    const done = await trx.selectFrom('v_iu_command_run').selectAll()
      .where('preview_id', '=', preview.id).where('refused', '=', false).where('status', '<>', FAILED).executeTakeFirst()
    if (done) return CommandRun.parse(done)
    if (preview.effects === null) throw new PreviewError('preview_refused')
    if (expiry(preview) < new Date()) throw new PreviewError('preview_expired')

    const performed = await perform(db, trx, command, parameters, asked)
    const changes = compareWithPreview(preview, performed)
    if (changes.length > 0) throw new PreviewError('preview_outdated', changes)
    return record(trx, performed.outcome, performed.effects)
  }))
}

/**
 * Runs a command that has no preview.
 * @returns the record of the run
 * @throws Refusal, recorded
 */
export function runCommand<P>(db: Db, command: Command<P>, parameters: P, asked: Asked): Promise<CommandRun> {
  const { record, orRecord } = attempt('run', command, parameters, asked)
  return orRecord(db, () => withTransaction(db, async (trx) => {
    const { outcome, effects } = await perform(db, trx, command, parameters, asked)
    return record(trx, outcome, effects)
  }))
}
