import { sql } from 'kysely'
import type { Db, Trx } from '../db/client'
import { callFunction } from '../db/client'
import { type Asked, type Command, Outcome, previewCommand, runCommand } from '../db/runs'
import { textDigest } from './digests'
import { type CollectionFile, renderCollection } from './format'
import { type ImportPlan, planImport } from './import-plan'
import type { CommandRun, Preview } from '#shared/schemas/run'

/** Gates that an import needs, and what for. */
const TEXT_GATE = 'iu_core.piece_writes_enabled'
const MEMBERS_GATE = 'iu_core.composer_enabled'

/** What is kept of an import: the file by its digest, not its texts. */
export interface ImportRequest {
  collection_key: string
  /** SHA-256 of the file as the console reads it. */
  file_digest: string
  actor: string
  reason: string
  /** Gates to open inside the transaction, and to put back before the commit. */
  open_gates: string[]
}

/** Who imports, and why; `openGates` opens the gates it needs inside its own transaction. */
export interface ImportOptions extends Asked { actor: string, reason: string, openGates?: boolean }

/** Changes one piece, if its text is still the one that was exported. */
const updatePiece = (trx: Trx, { iu_id, title, text, content_digest }: ImportPlan['edits'][number], actor: string) =>
  callFunction(trx, Outcome, sql`public.fn_iu_piece_update(${iu_id}::uuid, ${title}, ${text}, ${actor}, ${content_digest})`)

/** Gives a collection the pieces of the file, if its list is still the one that was exported. */
const setPieces = (trx: Trx, id: string, { pieces, manifest_digest }: NonNullable<ImportPlan['members']>, request: ImportRequest) =>
  callFunction(trx, Outcome, sql`public.fn_iu_collection_set_pieces(
    ${id}::uuid, ${JSON.stringify(pieces)}::jsonb, ${manifest_digest}, ${request.actor}, ${request.reason})`)

/** Import one file: every text and the list of pieces, or nothing. */
const importOf = (file: CollectionFile): Command<ImportRequest> => ({
  name: 'dot_iu_collection_import',
  actor: request => request.actor,
  gatesToOpen: request => request.open_gates,
  async call(trx, request) {
    // One import at a time: two that share pieces would otherwise lock them in different orders.
    await sql`select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('iu_core text-as-code import', 0))`.execute(trx)
    const plan = await planImport(trx, file)
    if (plan.members) {
      const outcome = await setPieces(trx, plan.collection_id, plan.members, request)
      if (outcome.status !== 'ok') return { outcome }
    }
    for (const edit of plan.edits) {
      const outcome = await updatePiece(trx, edit, request.actor)
      if (outcome.status !== 'ok') return { outcome: { ...outcome, iu_id: edit.iu_id } }
    }
    const { collection_id, collection_key, changes } = plan
    return { outcome: { status: 'ok', collection_id, collection_key, changes } }
  },
})

function requestFor(file: CollectionFile, plan: ImportPlan, { actor, reason, openGates }: ImportOptions): ImportRequest {
  const needed = [...(plan.members ? [MEMBERS_GATE] : []), ...(plan.edits.length > 0 ? [TEXT_GATE] : [])]
  return {
    collection_key: file.collection_key, file_digest: textDigest(renderCollection(file)), actor, reason,
    open_gates: openGates ? needed : [],
  }
}

/**
 * Previews an import: says what the file asks for, then runs it in a transaction that is rolled back.
 * @param db the handle
 * @param file as `parseCollection` gave it
 * @returns the plan, and the record of the preview; null when the file asks for nothing
 * @throws ImportError when the file asks for something that an import does not do; Refusal, recorded
 */
export async function previewImport(db: Db, file: CollectionFile, options: ImportOptions): Promise<{ plan: ImportPlan, run: Preview | null }> {
  const plan = await planImport(db, file)
  if (plan.changes.length === 0) return { plan, run: null }
  return { plan, run: await previewCommand(db, importOf(file), requestFor(file, plan, options), options) }
}

/**
 * Imports a file in one transaction: all of it, or nothing. What somebody else has changed since the export is never
 * overwritten: such an import is refused.
 * @param db the handle
 * @param file as `parseCollection` gave it
 * @returns the plan as it was carried out, and the record of the run; null when the file asks for nothing
 * @throws ImportError when the file asks for something that an import does not do; Refusal, recorded
 */
export async function applyImport(db: Db, file: CollectionFile, options: ImportOptions): Promise<{ plan: ImportPlan, run: CommandRun | null }> {
  const plan = await planImport(db, file)
  if (plan.changes.length === 0) return { plan, run: null }
  return { plan, run: await runCommand(db, importOf(file), requestFor(file, plan, options), options) }
}
