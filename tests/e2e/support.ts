/** What the browser tests share: opening pages, editing the substrate as a hand in psql does, looking behind the console. */
import type { Page } from '@playwright/test'
import { sql } from 'kysely'
import { replay } from '../../server/cli/demo'
import { withTransaction } from '../../server/db/client'
import type { Db } from '../../server/db/client'
import { collection } from '../api/support'
import { startOwnConsole } from '../helpers/console'
import { expect, test } from '../helpers/e2e'
import type { OwnConsole } from '../helpers/console'

export { collection, world } from '../api/support'

export const ONBOARDING = 'tpl:wf:onboarding/v2'
export const REPORT = 'tpl:file:status-report/v1'
/** An instance of the demo dataset, composed by hand from the onboarding template. */
export const SUPPORT_TEAM = 'tpl-inst:wf:onboarding/v2-1'

declare global {
  interface Window {
    useNuxtApp?: () => { isHydrating?: boolean }
  }
}

/** Waits until the page answers to clicks and keys. */
export async function comesAlive(page: Page) {
  await page.waitForFunction(() => window.useNuxtApp?.().isHydrating === false)
}

/**
 * Opens a page and waits until it answers to clicks and keys.
 * @param path its address below the console's
 * @returns the server's answer
 */
export async function open(page: Page, path: string) {
  const response = await page.goto(path)
  await comesAlive(page)
  return response
}

/** Loads the page again, as an operator does, and waits until it answers. */
export async function reload(page: Page) {
  await page.reload()
  await comesAlive(page)
}

/** The test on a database that is migrated and otherwise empty. */
export const onEmptyDatabase = test.extend({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads from this pattern which fixtures are wanted: none.
  consoleOfFile: [async ({}, use) => {
    const own = await startOwnConsole(process.env.IU_TEST_POSTGRES!, 'migrated')
    await use(async () => own)
    await own.stop()
  }, { scope: 'worker', timeout: 120_000 }],
})

/** Loads what the reported operation left behind: thirteen live instances of two actors, a second version of the report. */
export const replayOperation = (db: Db) => replay(db)

/** The gates that stand open. */
export async function openGates(db: Db) {
  const rows = await db.selectFrom('v_iu_gate').select('key').where('is_open', '=', true).execute()
  return rows.map(({ key }) => key)
}

/** What an event is made of, for `compose`. */
interface Composed { suffix: string, actor?: string, template?: string, mode?: 'dry_run' | 'live' }

/**
 * Has the orchestrator make an instance by SQL, its gates opened and put back in the transaction.
 * @returns the instance's id
 */
export function compose(db: Db, { suffix, actor = 'iu-core-elsewhere', template = ONBOARDING, mode = 'live' }: Composed) {
  return withTransaction(db, async (trx) => {
    const gates = ['iu_core.auto_instantiate_enabled', 'iu_core.composer_enabled']
    const opened = await sql<{ was: string }>`select public.fn_iu_gates_open(${gates}, ${actor}, 'by hand')::text as was`.execute(trx)
    const made = await sql<{ outcome: { status: string, instance_collection_id: string } }>`
      select public.fn_iu_auto_instantiate_from_event(gen_random_uuid(), 'iu.piece.revised',
        (select id from public.iu_piece_collection where collection_key = ${template}), ${suffix}, ${mode}, ${actor}, null) as outcome`.execute(trx)
    await sql`select public.fn_iu_gates_put_back(${opened.rows[0]!.was}::jsonb, ${actor}, 'by hand')`.execute(trx)
    expect(made.rows[0]!.outcome.status).toBe('ok')
    return made.rows[0]!.outcome.instance_collection_id
  })
}

const memberOf = async (db: Db, key: string, address: string) => {
  const id = await collection(db, key)
  return sql`collection_id = ${id} and iu_id = (select id from public.information_unit where canonical_address = ${address})`
}

/** Takes a piece out of a collection, as a hand in psql does. */
export async function removePiece(db: Db, key: string, address: string) {
  await sql`update public.iu_piece_membership set membership_status = 'removed' where ${await memberOf(db, key, address)}`.execute(db)
}

/** Puts it back. */
export async function putPieceBack(db: Db, key: string, address: string) {
  await sql`update public.iu_piece_membership set membership_status = 'active' where ${await memberOf(db, key, address)}`.execute(db)
}

/** Puts a piece to another place in a collection. */
export async function movePiece(db: Db, key: string, address: string, order: number) {
  await sql`update public.iu_piece_membership set piece_order = ${order} where ${await memberOf(db, key, address)}`.execute(db)
}

/** Gives a piece another role in a collection. */
export async function changeRole(db: Db, key: string, address: string, role: string) {
  await sql`update public.iu_piece_membership set role = ${role} where ${await memberOf(db, key, address)}`.execute(db)
}

/** Puts one piece in the place of another. */
export async function replacePiece(db: Db, key: string, address: string, by: string) {
  await sql`update public.iu_piece_membership
            set iu_id = (select id from public.information_unit where canonical_address = ${by})
            where ${await memberOf(db, key, address)}`.execute(db)
}

/** How many instances are logged under an actor. */
export async function logged(db: Db, actor: string) {
  const rows = await db.selectFrom('v_iu_auto_instantiate_event_log').select('instance_key').where('triggered_by', '=', actor).execute()
  return rows.length
}

/** Options of a request beside the browser, which keeps the session's cookie to itself: as the administrator. */
export const byToken = (own: OwnConsole) => ({ headers: { authorization: `Bearer ${own.tokens.administrator}` } })
