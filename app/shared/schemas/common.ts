import { z } from 'zod'

/** Longest values the console takes; the SQL functions refuse the same lengths. */
export const MAX_ACTOR = 128
export const MAX_SUFFIX = 200
export const MAX_NOTE = 2000
export const MAX_REASON = 2000
export const MAX_ROLE = 200

/** Text in one line: no control character, no half of a surrogate pair. */
export const oneLine = (text: z.ZodString) => text.regex(/^[^\p{Cc}\p{Cs}]*$/u, 'no control characters')

/** Text that PostgreSQL can hold: neither NUL nor half of a surrogate pair. */
export const storable = (text: z.ZodString) => text.regex(/^[^\0\p{Cs}]*$/u, 'no NUL and no broken characters')

/** What a search box or a filter sends. */
export const SearchText = storable(z.string().trim().max(200))

/** A PostgreSQL uuid of any version. */
export const Id = z.guid({ error: 'must be a UUID, such as 25000d25-0000-4000-8000-000000000001' })

/** Route parameter `:id`. */
export const IdParam = z.object({ id: Id })

/** The tag under which a write is recorded and later rolled back. */
export const Actor = oneLine(z.string().trim().min(1, 'an actor is needed')
  .max(MAX_ACTOR, `at most ${MAX_ACTOR} characters`))

/** Last part of an instance key: `tpl-inst:auto:<suffix>`. */
export const Suffix = oneLine(z.string().trim().min(1, 'a suffix is needed')
  .max(MAX_SUFFIX, `at most ${MAX_SUFFIX} characters`))

export const Note = storable(z.string().trim().min(1, 'leave it out, or say something')
  .max(MAX_NOTE, `at most ${MAX_NOTE} characters`))
export const Reason = storable(z.string().trim().min(1, 'a reason is needed')
  .max(MAX_REASON, `at most ${MAX_REASON} characters`))

export const EmitMode = z.enum(['dry_run', 'live'], { error: 'must be dry_run or live' })
export type EmitMode = z.infer<typeof EmitMode>

/** How far an event has been delivered; `pending` is due or waits for another attempt. */
export const DeliveryState = z.enum(['not_routed', 'pending', 'delivered', 'dead'])
export type DeliveryState = z.infer<typeof DeliveryState>

/** A timestamp as ISO 8601 in UTC, to the microsecond. */
export const Timestamp = z.string()

/** A SHA-256 in lower-case hex. */
export const Digest = z.string()

export const SortDirection = z.enum(['asc', 'desc'])

/** What every keyset list takes from the address. */
export const PageQuery = z.object({
  // Room for the longest key that an index of PostgreSQL takes.
  cursor: z.string().max(4000).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

/** What every keyset list answers with. Cursors are opaque; null: there is no such page. */
export const page = <Row extends z.ZodType>(row: Row) => z.object({
  rows: z.array(row),
  /** Rows that match the filters, over all pages. */
  total: z.number().int(),
  next_cursor: z.string().nullable(),
  previous_cursor: z.string().nullable(),
})

export const ExportQuery = z.object({ format: z.enum(['csv', 'json']).default('csv') })
