import { createHash } from 'node:crypto'
import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely'
import { z } from 'zod'
import { storable } from '#shared/schemas/common'

/** One column of a sort key. It must never be NULL: a row comparison with NULL is neither true nor false. */
export interface SortColumn { expression: RawBuilder<unknown>, type: 'text' | 'integer' | 'uuid' | 'timestamptz' }

/** A complete order: the last column is unique, all run in one direction. */
export interface SortKey { name: string, columns: SortColumn[], direction: 'asc' | 'desc' }

interface Cursor { sort: string, before: boolean, values: unknown[] }

/** What a sort column's value is in a cursor: what `jsonb` makes of it, and what the cast back takes. */
const VALUES: Record<SortColumn['type'], z.ZodType> = {
  text: storable(z.string()),
  integer: z.int32(),
  uuid: z.guid(),
  timestamptz: z.union([z.iso.datetime({ offset: true }), z.enum(['-infinity', 'infinity'])]),
}

/** Thrown for a cursor that was not made here, or for another sort. */
export class InvalidCursorError extends Error {
  constructor(readonly field: string) {
    super('this page mark is damaged or belongs to another list; start again from the first page')
  }
}

const checksum = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 11)

function encodeCursor(cursor: Cursor): string {
  const text = JSON.stringify(cursor)
  return `${Buffer.from(text).toString('base64url')}.${checksum(text)}`
}

function decodeCursor(mark: string, sort: SortKey, field: string): Cursor {
  const [encoded = '', sum] = mark.split('.')
  const text = Buffer.from(encoded, 'base64url').toString()
  // The checksum catches what was damaged, the schema what somebody made up.
  const cursor = checksum(text) === sum ? cursorOf(sort).safeParse(parseJson(text)).data : undefined
  if (!cursor) throw new InvalidCursorError(field)
  return cursor
}

const cursorOf = (sort: SortKey) => z.object({
  sort: z.literal(sortName(sort)),
  before: z.boolean(),
  values: z.array(z.unknown()).length(sort.columns.length)
    .refine(values => sort.columns.every(({ type }, i) => VALUES[type].safeParse(values[i]).success)),
})

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  }
  catch {
    return undefined
  }
}

const sortName = (sort: SortKey) => `${sort.name} ${sort.direction}`
const sortRow = (sort: SortKey) => sql`row(${sql.join(sort.columns.map(column => column.expression))})`

function beyond(sort: SortKey, values: unknown[], direction: 'asc' | 'desc') {
  const given = sort.columns.map((column, i) => sql`${values[i]}::${sql.raw(column.type)}`)
  return sql<boolean>`${sortRow(sort)} ${sql.raw(direction === 'asc' ? '>' : '<')} row(${sql.join(given)})`
}

/**
 * One page of a list by keyset: as fast on the last page as on the first, and stable while rows are added.
 * @param query the list with its filters, without order
 * @param sort the order
 * @param page the mark from the address (none: first page) and how many rows
 * @returns the rows, each still with its `sort_key`, and the marks of the neighbouring pages (null: there is none)
 * @throws InvalidCursorError
 */
export async function keysetPage<DB, TB extends keyof DB, Row>(
  query: SelectQueryBuilder<DB, TB, Row>,
  sort: SortKey,
  page: { cursor?: string, limit: number },
) {
  const cursor = page.cursor === undefined ? null : decodeCursor(page.cursor, sort, 'cursor')
  const backwards = cursor?.before ?? false
  const direction = (sort.direction === 'asc') !== backwards ? 'asc' : 'desc'

  let list = query.select(sql<unknown[]>`jsonb_build_array(${sql.join(sort.columns.map(c => c.expression))})`.as('sort_key'))
  if (cursor) list = list.where(beyond(sort, cursor.values, direction))
  for (const column of sort.columns) list = list.orderBy(column.expression, direction)

  const fetched = await list.limit(page.limit + 1).execute() as (Row & { sort_key: unknown[] })[]
  const more = fetched.length > page.limit
  const rows = fetched.slice(0, page.limit)
  if (backwards) rows.reverse()

  const mark = (row: { sort_key: unknown[] } | undefined, before: boolean) =>
    row ? encodeCursor({ sort: sortName(sort), before, values: row.sort_key }) : null
  return {
    rows,
    next_cursor: backwards || more ? mark(rows.at(-1), false) : null,
    previous_cursor: (backwards ? more : cursor !== null) ? mark(rows[0], true) : null,
  }
}

/**
 * The mark of a row, to ask later what is beyond it.
 * @returns null without a row
 */
export const markOf = (sort: SortKey, row: { sort_key: unknown[] } | undefined) =>
  row ? encodeCursor({ sort: sortName(sort), before: true, values: row.sort_key }) : null

/**
 * The condition for rows that come before a mark in the list's order.
 * @throws InvalidCursorError naming the field the mark came in
 */
export const beforeMark = (sort: SortKey, mark: string, field: string) =>
  beyond(sort, decodeCursor(mark, sort, field).values, sort.direction === 'asc' ? 'desc' : 'asc')

/** A pattern for `ilike` that finds the text anywhere; its own wildcards are taken literally. */
export const containing = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`
