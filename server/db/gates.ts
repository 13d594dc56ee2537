import { sql } from 'kysely'
import { z } from 'zod'
import { type Db, type Trx, callFunction } from './client'
import { Gate, GateList } from '#shared/schemas/gate'

const Opened = z.array(z.object({ key: z.string(), was: z.string().nullable(), existed: z.boolean() }))
export type OpenedGates = z.infer<typeof Opened>

/** Gates by key, settings that are no gates, the newest 50 changes. */
export async function listGates(db: Db): Promise<GateList> {
  const [gates, settings, changes] = await Promise.all([
    db.selectFrom('v_iu_gate').selectAll().orderBy('key').execute(),
    db.selectFrom('v_iu_config_setting').selectAll().orderBy('key').execute(),
    db.selectFrom('v_iu_config_change').selectAll().orderBy('id', 'desc').limit(50).execute(),
  ])
  return GateList.parse({ gates, settings, changes })
}

/**
 * One gate as it stands.
 * @returns null when there is no gate of that key
 */
export async function getGate(db: Db | Trx, key: string): Promise<Gate | null> {
  const gate = await db.selectFrom('v_iu_gate').selectAll().where('key', '=', key).executeTakeFirst()
  return gate ? Gate.parse(gate) : null
}

/**
 * The gates that stand before a command, as the catalogue says.
 * @param name of the command
 * @param dryRun whether for a dry run, or to do it
 * @returns keys; none when there is no such command
 */
export async function gatesNeeded(db: Db | Trx, name: string, dryRun: boolean): Promise<string[]> {
  const row = await db.selectFrom('v_iu_command_catalog').select(['gates', 'dry_run_gates']).where('command_name', '=', name).executeTakeFirst()
  return (dryRun ? row?.dry_run_gates : row?.gates) ?? []
}

/** Opens those of the gates that are closed, for this transaction only: `putBackGates` before its commit. */
export const openGates = (trx: Trx, keys: string[], actor: string, reason: string): Promise<OpenedGates> =>
  callFunction(trx, Opened, sql`public.fn_iu_gates_open(${keys}::text[], ${actor}, ${reason})`)

/** Gives gates that `openGates` opened the value they had. */
export async function putBackGates(trx: Trx, opened: OpenedGates, actor: string, reason: string): Promise<void> {
  await sql`select public.fn_iu_gates_put_back(${JSON.stringify(opened)}::jsonb, ${actor}, ${reason})`.execute(trx)
}
