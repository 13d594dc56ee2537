import { describe, expect, test } from 'vitest'
import { hashPassword, verifyPassword } from '../../server/auth/passwords'

const PASSWORD = ' Größe 12 – Ünïcode '

describe('a password hash', () => {
  test('is a PHC string at the cost that OWASP wants, with a salt of its own', async () => {
    const [one, other] = await Promise.all([hashPassword(PASSWORD), hashPassword(PASSWORD)])
    expect(one).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[\w+/]{22}\$[\w+/]{43}$/)
    expect(one.split('$')[3]).not.toBe(other.split('$')[3])
    expect(one.split('$')[4]).not.toBe(other.split('$')[4])
  })

  test('is that of this password, as it was typed, and of no other', async () => {
    const hash = await hashPassword(PASSWORD)
    const others = [PASSWORD.trim(), PASSWORD.toLowerCase(), PASSWORD.slice(0, -1), `${PASSWORD} `, '']
    expect(await verifyPassword({ hash, password: PASSWORD })).toBe(true)
    for (const password of others) expect(await verifyPassword({ hash, password }), password).toBe(false)
  })

  test('is the same however a keyboard composes its letters', async () => {
    const hash = await hashPassword(PASSWORD.normalize('NFC'))
    expect(await verifyPassword({ hash, password: PASSWORD.normalize('NFD') })).toBe(true)
  })

  test('differs in the last of 128 characters', async () => {
    const hash = await hashPassword(`${'a'.repeat(127)}b`)
    expect(await verifyPassword({ hash, password: `${'a'.repeat(127)}c` })).toBe(false)
  })

  // RFC 7914, section 12; of its 64 bytes the 32 that we keep.
  test('of another cost is still understood: scrypt, as its standard has it', async () => {
    const key = Buffer.from('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2', 'hex').toString('base64').replace('=', '')
    const salt = Buffer.from('SodiumChloride').toString('base64').replace('=', '')
    expect(await verifyPassword({ hash: `$scrypt$ln=14,r=8,p=1$${salt}$${key}`, password: 'pleaseletmein' })).toBe(true)
  })

  test.each(['', 'x', '$scrypt$ln=15,r=8,p=3$salt', '$2b$10$abcdefghijklmnopqrstuv'])('"%s" is none', async (hash) => {
    await expect(verifyPassword({ hash, password: PASSWORD })).rejects.toThrow('another form')
  })
})
