/** `npx iu access …`, as it is typed, and what its links are good for. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type Db, createDb } from '../../server/db/client'
import { findInvitation } from '../../server/db/invitations'
import { createDatabase } from '../helpers/databases'
import { addPerson, addSecondFactor } from '../helpers/people'
import { runProgram } from './program'

let url: string
let db: Db
let drop: () => Promise<void>

beforeAll(async () => {
  ({ url, drop } = await createDatabase(inject('postgres'), 'demo'))
  db = createDb(url)
})
afterAll(async () => {
  await db?.destroy()
  await drop?.()
})

async function access(words: string[], env: Record<string, string> = {}) {
  const program = runProgram('iu.mjs', ['access', ...words], { DATABASE_URL: url, ...env })
  const code = await program.ended
  return { code, ...program.output }
}

/** Whom the token of a link is for; null when the link is good no longer. */
const invited = (link: string) => findInvitation(db, createHash('sha256').update(new URL(link.trim()).hash.slice(1)).digest('hex'))

describe('while there is nobody', () => {
  test('people says so, and what to do', async () => {
    expect(await access(['people'])).toMatchObject({ code: 0, stdout: expect.stringContaining('npx iu access set-up-link') })
    expect(JSON.parse((await access(['people', '--json'])).stdout)).toEqual([])
  })

  test('set-up-link writes a link for the first administrator; a newer one ends it', async () => {
    const first = await access(['set-up-link'], { IU_ORIGIN: 'https://console.example.org/' })
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^https:\/\/console\.example\.org\/set-up#[\w-]{43}\n$/) })
    expect(await invited(first.stdout)).toMatchObject({ email: null })

    const second: { link: string, expires_at: string } = JSON.parse((await access(['set-up-link', '--json'], { PORT: '3456' })).stdout)
    expect(second.link).toMatch(/^http:\/\/127\.0\.0\.1:3456\/set-up#/)
    expect(new Date(second.expires_at).getTime() - Date.now()).toBeGreaterThan(23 * 3600_000)
    expect(await invited(first.stdout)).toBeNull()
    expect(await invited(second.link)).toMatchObject({ email: null })
  })

  test('an address that is none is a mistake of whoever set it', async () => {
    expect(await access(['set-up-link'], { IU_ORIGIN: 'console' })).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('IU_ORIGIN') })
  })
})

describe('when people are there', () => {
  beforeAll(async () => {
    await addPerson(db, { email: 'operator@example.org', role: 'operator' })
  })

  test('people lists them', async () => {
    const { code, stdout } = await access(['people'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^operator@example\.org +The operator +operator +active +no +0 +0$/m)
  })

  test('set-up-link is refused', async () => {
    expect(await access(['set-up-link'])).toMatchObject({ code: 1, stdout: expect.stringContaining('already_set_up') })
    expect(JSON.parse((await access(['set-up-link', '--json'])).stdout).error).toMatchObject({ status: 'already_set_up' })
  })

  test('invite writes a link for that person, and the audit says from where', async () => {
    const { code, stdout } = await access(['invite', 'Operator@example.org'])
    expect([code, await invited(stdout)]).toEqual([0, expect.objectContaining({ email: 'operator@example.org' })])
    const entry = await db.selectFrom('console.audit_entry').select(['who', 'subject']).where('kind', '=', 'invitation_created')
      .orderBy('id', 'desc').limit(1).executeTakeFirstOrThrow()
    expect(entry).toEqual({ who: expect.stringMatching(/ on the command line$/), subject: 'operator@example.org' })
  })

  test('remove-second-factor takes a lost one off, on record, once', async () => {
    await addSecondFactor(db, 'operator@example.org')
    expect(await access(['remove-second-factor', 'Operator@example.org'])).toMatchObject({ code: 0, stdout: expect.stringContaining('operator@example.org') })
    expect((await access(['people'])).stdout).toMatch(/^operator@example\.org .* no +0 +0$/m)
    const entry = await db.selectFrom('console.audit_entry').select(['who', 'subject']).where('kind', '=', 'second_factor_removed').executeTakeFirstOrThrow()
    expect(entry).toEqual({ who: expect.stringMatching(/ on the command line$/), subject: 'operator@example.org' })
    expect(await access(['remove-second-factor', 'operator@example.org'])).toMatchObject({ code: 1, stdout: expect.stringContaining('no_second_factor') })
    expect(await access(['remove-second-factor', 'nobody@example.org'])).toMatchObject({ code: 1, stderr: expect.stringContaining('nobody@example.org') })
  })

  test('invite refuses whoever is not there or disabled', async () => {
    expect(await access(['invite', 'nobody@example.org'])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('nobody@example.org') })
    await db.updateTable('console.person').set({ disabled_at: new Date().toISOString() }).execute()
    expect(await access(['invite', 'operator@example.org'])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('disabled') })
    expect((await access(['people'])).stdout).toMatch(/ disabled /)
  })
})

test('iu access alone says what there is', async () => {
  expect(await access([])).toMatchObject({ code: 2, stdout: expect.stringMatching(/access set-up-link[\s\S]*access invite[\s\S]*access people/) })
  expect(await access(['invte'])).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean access invite?') })
})
