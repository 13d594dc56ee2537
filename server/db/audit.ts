import { sql } from 'kysely'
import type { Db } from './client'

/** One entry for the audit. Never a secret: neither what was typed as a password or code, nor a token. */
export interface AuditEntry {
  kind: string
  outcome: string
  who: string | null
  address: string | null
  subject?: string
  detail?: Record<string, string | number | null>
}

/** Adds an entry to the audit: `console.fn_audit_record`. */
export async function recordAudit(db: Db, entry: AuditEntry): Promise<void> {
  await sql`select console.fn_audit_record(${entry.kind}, ${entry.outcome}, ${entry.who}, ${entry.address},
    ${entry.subject ?? null}, ${JSON.stringify(entry.detail ?? {})}::jsonb)`.execute(db)
}
