import { z } from 'zod'

/** The seven classes of objects that a database is compared by, in the order they are shown. */
export const ObjectClass = z.enum(['table', 'view', 'function', 'trigger', 'config', 'event_type', 'route'])
export type ObjectClass = z.infer<typeof ObjectClass>

/** One object as the migrations make it. */
export const InventoryObject = z.object({
  class: ObjectClass,
  /** With its schema; a function's with the types of its arguments, a trigger's with its table. */
  name: z.string(),
  /** Columns and types, or arguments and result; empty where the name says it all. */
  signature: z.string(),
  /** The migration that made it. */
  migration: z.string(),
  /** SHA-256 of what every version of PostgreSQL says alike about it. */
  hash: z.string(),
  definition: z.string(),
})
export type InventoryObject = z.infer<typeof InventoryObject>

/** `conformance/inventory.json` */
export const Inventory = z.object({
  /** The highest migration it was made from. */
  made_from: z.string(),
  objects: z.array(InventoryObject),
  /**
   * What each migration makes or changes, as key → hash afterwards (null: it takes it away). A key is a class and a name;
   * tables go by column, constraint and index.
   */
  steps: z.record(z.string(), z.record(z.string(), z.string().nullable())),
})
export type Inventory = z.infer<typeof Inventory>

export const Difference = z.object({
  kind: z.enum(['missing', 'extra', 'changed']),
  class: ObjectClass,
  name: z.string(),
  /** The migration that makes it; null for what no migration made. */
  migration: z.string().nullable(),
  /** As the migrations make it; null when it is extra. */
  expected: z.string().nullable(),
  /** As the database has it; null when it is missing. */
  live: z.string().nullable(),
})
export type Difference = z.infer<typeof Difference>

/** `GET /api/conformance` */
export const ConformanceReport = z.object({
  conforms: z.boolean(),
  /** `7/7 PASS at 168 objects` */
  verdict: z.string(),
  made_from: z.string(),
  classes: z.array(z.object({
    class: ObjectClass,
    expected: z.number().int(),
    /** How many of them the database has exactly so. */
    same: z.number().int(),
    missing: z.number().int(),
    extra: z.number().int(),
    changed: z.number().int(),
    conforms: z.boolean(),
  })),
  differences: z.array(Difference),
})
export type ConformanceReport = z.infer<typeof ConformanceReport>
