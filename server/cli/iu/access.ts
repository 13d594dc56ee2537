import { userInfo } from 'node:os'
import { type ArgsDef, type CommandDef, defineCommand } from 'citty'
import { PlainError } from '../../../bin/progress.mjs'
import { consoleName, runningState } from '../../../bin/state.mjs'
import type { Db } from '../../db/client'
import { listPeople, removeSecondFactor } from '../../db/people'
import { type Outcome, Refusal } from '../../db/runs'
import { onDatabase } from './on-database'
import { answer, table } from './output'
import { refusalOf, reportRefusal } from './report'
import { Told, UsageError } from './usage'

const JSON_OPTION = { json: { type: 'boolean', default: false, description: 'Write JSON' } } as const
const EMAIL = { email: { type: 'positional', required: true, description: 'Address of a person who has been added' }, ...JSON_OPTION } as const

/**
 * Where browsers reach the console, as far as this machine knows.
 * @throws UsageError when IU_ORIGIN is no address
 */
function entrance(): string {
  const given = process.env.IU_ORIGIN
  if (given && !URL.canParse(given)) throw new UsageError('IU_ORIGIN must be an address such as https://console.example.org.')
  if (given) return new URL(given).origin
  return runningState(consoleName(process.env.DATABASE_URL || undefined))?.address ?? `http://127.0.0.1:${process.env.PORT || 3000}`
}

// The sign-in library behind these takes a moment to load, which no other command should wait for.
const signIn = async () => ({ ...await import('../../auth/invitations'), ...await import('../access') })

/** Who stands on record for what is done here. */
const commandLine = () => `${userInfo().username} on the command line`

/** @throws PlainError when nobody has that address */
async function personOf(db: Db, given: string) {
  const email = given.trim().toLowerCase()
  const person = (await listPeople(db)).find(one => one.email === email)
  if (!person) throw new PlainError(`There is nobody with the address ${email}. See: npx iu access people`)
  return person
}

/** Says why the database refused. @throws Told always */
function refuse(outcome: Outcome, json: boolean): never {
  answer(json, refusalOf(outcome), reportRefusal(outcome))
  throw new Told(1)
}

/** Makes a one-time link and writes it to standard output, alone, so that it can be handed on. */
async function tellLink(db: Db, personId: string | null, json: boolean) {
  const { makeInvitation } = await signIn()
  try {
    const { path, expiresAt } = await makeInvitation(db, { personId, by: commandLine(), address: null })
    const link = `${entrance()}${path}`
    answer(json, { link, expires_at: expiresAt }, link)
  }
  catch (error) {
    if (!(error instanceof Refusal)) throw error
    refuse(error.outcome, json)
  }
}

const setUpLink = defineCommand({
  meta: { name: 'set-up-link', description: 'Make the one-time link that creates the first administrator' },
  args: JSON_OPTION,
  run: ({ args }) => onDatabase(async (db) => {
    await tellLink(db, null, args.json)
    // What the start of the console wrote down has ended with that.
    const { forgetSetUpLink } = await signIn()
    forgetSetUpLink(consoleName(process.env.DATABASE_URL || undefined))
  }),
})

const invite = defineCommand({
  meta: { name: 'invite', description: 'Make a one-time link with which a person chooses a password; older ones end' },
  args: EMAIL,
  run: ({ args }) => onDatabase(async (db) => {
    const person = await personOf(db, args.email)
    if (person.disabled_at) throw new PlainError(`${person.email} is disabled; an administrator can change that on the page People.`)
    await tellLink(db, person.id, args.json)
  }),
})

const removeSecondFactorCommand = defineCommand({
  meta: { name: 'remove-second-factor', description: 'Take a lost second factor off a person, whose sessions end' },
  args: EMAIL,
  run: ({ args }) => onDatabase(async (db) => {
    const person = await personOf(db, args.email)
    const outcome = await removeSecondFactor(db, { personId: person.id, by: commandLine(), address: null })
    if (outcome.status !== 'ok') refuse(outcome, args.json)
    answer(args.json, outcome, `${person.email} signs in with the password alone now.`)
  }),
})

const people = defineCommand({
  meta: { name: 'people', description: 'List who may use the console' },
  args: JSON_OPTION,
  run: ({ args }) => onDatabase(async (db) => {
    const rows = await listPeople(db)
    const text = table(['e-mail', 'name', 'role', 'state', 'second factor', 'sessions', 'tokens'], rows.map(row => [
      row.email, row.name, row.role, row.disabled_at ? 'disabled' : row.can_sign_in ? 'active' : 'invited',
      row.two_factor_enabled ? 'yes' : 'no', String(row.sessions), String(row.tokens),
    ]))
    answer(args.json, rows, rows.length > 0 ? text : 'Nobody yet. npx iu access set-up-link makes the link for the first administrator.')
  }),
})

/** `iu access`: ways in for whoever may work on the database, when the console's own are shut. */
export const access: Record<string, CommandDef<ArgsDef>> = {
  'set-up-link': setUpLink as CommandDef<ArgsDef>,
  'invite': invite as CommandDef<ArgsDef>,
  'remove-second-factor': removeSecondFactorCommand as CommandDef<ArgsDef>,
  'people': people as CommandDef<ArgsDef>,
}
