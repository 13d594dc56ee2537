import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Db, Trx } from './client'

const AGAIN_MS = 250

/** The one who asked for it has stopped it; whatever its transaction did is to be rolled back. */
export class Stopped extends Error {}

/**
 * Does work that its asker may stop: its statement is cancelled, and whatever it did must be rolled back.
 * @param db another connection, to cancel from
 * @param trx the transaction the work runs in
 * @param signal aborted when the work is to stop; without one it cannot be
 * @param work what to do
 * @returns what the work returns
 * @throws Stopped when the signal was aborted before the work had returned
 */
export async function stoppable<Result>(db: Db, trx: Trx, signal: AbortSignal | undefined, work: () => Promise<Result>): Promise<Result> {
  if (!signal) return work()
  const { rows: [backend] } = await sql<{ pid: number }>`select pg_catalog.pg_backend_pid() as pid`.execute(trx)
  let over = false
  let cancelling: Promise<void> | undefined

  // Again and again: between two statements there is nothing to cancel.
  async function cancel() {
    while (!over) {
      await sql`select pg_catalog.pg_cancel_backend(${backend!.pid})`.execute(db).catch(() => {})
      await pause(AGAIN_MS)
    }
  }
  const stop = () => {
    cancelling = cancel()
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    if (signal.aborted) throw new Stopped()
    const result = await work()
    if (signal.aborted) throw new Stopped()
    return result
  }
  catch (error) {
    throw signal.aborted ? new Stopped('stopped', { cause: error }) : error
  }
  finally {
    over = true
    signal.removeEventListener('abort', stop)
    // The connection goes back only when nobody cancels what comes next on it.
    await cancelling
  }
}
