import { z } from 'zod'
import type { Db } from './client'
import type { Governed, NamedBy } from './commands'
import type { CommandParameter } from '#shared/schemas/command'

/** A JSON Schema, as far as the parameters of commands go. */
interface Property { type?: string, const?: unknown, enum?: unknown[], anyOf?: Property[], default?: unknown }

/** What is written instead of an id names nothing. */
export class UnknownName extends Error {
  constructor(readonly field: string, message: string) {
    super(message)
  }
}

function propertiesOf(entry: Governed) {
  const { properties = {}, required = [] } = z.toJSONSchema(entry.parameters, { io: 'input', unrepresentable: 'any' })
  return { properties: properties as Record<string, Property>, required: new Set(required) }
}

/** Without the `null` beside it. */
const inner = (property: Property): Property => property.anyOf?.find(({ type }) => type !== 'null') ?? property
const mayBeNull = (property: Property) => property.anyOf?.some(({ type }) => type === 'null') ?? false

function takes(property: Property, named?: NamedBy): string {
  if (named === 'collection') return 'id or key of a collection'
  if (named === 'piece') return 'id or address of a piece'
  if (named === 'pieces' || named === 'piece_ids') return 'addresses of pieces, or JSON'
  if (named === 'plan') return 'JSON, templates by id or key'
  const { type, const: only, enum: values } = inner(property)
  if (only !== undefined) return String(only)
  if (values) return values.join(' or ')
  return type === 'boolean' ? 'true or false' : type === 'integer' || type === 'number' ? 'number' : type === 'string' ? 'text' : 'JSON'
}

/**
 * The parameters of a command as the command line takes them, needed ones first.
 * @param entry from the registry
 */
export function parametersOf(entry: Governed): CommandParameter[] {
  const { properties, required } = propertiesOf(entry)
  return Object.entries(properties).map(([name, property]) => ({
    name,
    takes: takes(property, entry.named?.[name]) + (mayBeNull(property) ? ', or null' : ''),
    required: required.has(name),
    default: property.default === undefined ? null : String(property.default),
  })).sort((a, b) => Number(b.required) - Number(a.required))
}

function valueOf(property: Property, text: string): unknown {
  if (text === 'null' && mayBeNull(property)) return null
  const { type, enum: values } = inner(property)
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  if (type === 'integer' || type === 'number') return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text
  if (type === 'string' || values) return text
  try {
    return JSON.parse(text)
  }
  catch {
    return text
  }
}

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '' && !z.guid().safeParse(value).success

async function collectionId(db: Db, field: string, key: string): Promise<string> {
  const found = await db.selectFrom('v_iu_collection').select('collection_id').where('collection_key', '=', key).executeTakeFirst()
  if (!found) throw new UnknownName(field, `there is no collection with the key ${key}`)
  return found.collection_id!
}

async function pieceIds(db: Db, by: NamedBy, field: string, text: string): Promise<unknown> {
  // A comma may be part of one address.
  const addresses = by === 'piece' ? [text.trim()] : text.split(',').map(address => address.trim())
  const found = await db.selectFrom('v_iu_piece').select(['id', 'canonical_address']).where('canonical_address', 'in', addresses).execute()
  const ids = addresses.map((address) => {
    const piece = found.find(({ canonical_address }) => canonical_address === address)
    if (!piece) throw new UnknownName(field, `there is no piece with the address ${address}`)
    return piece.id
  })
  return by === 'piece' ? ids[0] : by === 'piece_ids' ? ids : ids.map(iu_id => ({ iu_id }))
}

async function idsOf(db: Db, by: NamedBy, field: string, value: unknown): Promise<unknown> {
  if (by === 'plan') {
    if (!Array.isArray(value)) return value
    return Promise.all(value.map(async row => (isName(row?.template_collection_id)
      ? { ...row, template_collection_id: await collectionId(db, field, row.template_collection_id) }
      : row)))
  }
  if (!isName(value)) return value
  return by === 'collection' ? collectionId(db, field, value) : pieceIds(db, by, field, value)
}

/**
 * Turns what was typed into what the schema checks: numbers and switches from text, ids from names.
 * @param db where names are looked up
 * @param entry from the registry
 * @param typed value by parameter, all of it text
 * @returns not checked yet: a key that the command does not have is left as it is
 * @throws UnknownName for a name that nothing has
 */
export async function readTyped(db: Db, entry: Governed, typed: Record<string, string>): Promise<Record<string, unknown>> {
  const { properties } = propertiesOf(entry)
  const read = await Promise.all(Object.entries(typed).map(async ([name, text]) => {
    const property = properties[name]
    const value = property ? valueOf(property, text) : text
    const by = entry.named?.[name]
    return [name, by ? await idsOf(db, by, name, value) : value]
  }))
  return Object.fromEntries(read)
}
