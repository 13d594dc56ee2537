import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collectionPath, sanitised } from '../../../server/text-as-code/file-name'
import { wordy } from './hostile'

describe('the name of a file', () => {
  test.each([
    ['tpl:wf:onboarding/v2', 'tpl_wf_onboarding__v2'],
    ['tpl-inst:auto:25000x-durable-001', 'tpl-inst_auto_25000x-durable-001'],
    ['handbook', 'handbook'],
  ])('of %s is %s', (key, name) => expect(sanitised(key)).toBe(name))

  test.each([
    ['a/b', 'a::b'], ['a:b', 'a_b'], ['a b', 'a?b'], ['Report', 'report'], ['a', 'a '], ['é', 'e\u0301'], ['x'.repeat(400), `${'x'.repeat(399)}y`],
  ])('differs for %s and %s, by more than case', (one, other) => {
    expect(sanitised(one).toLowerCase()).not.toBe(sanitised(other).toLowerCase())
  })

  test.each(['..', '.', '.hidden', '../../etc/passwd', 'con', 'nul.md', 'ends.', 'a\\b', 'C:\\x', '', '\u202E'])('of the key %j stays in its folder', (key) => {
    expect(sanitised(key)).toMatch(/^[\w-][\w.-]*~[0-9a-f]{16}$|^_?~[0-9a-f]{16}$/)
  })

  test('is short, safe and its key\'s own, whatever the key', () => {
    const names = new Map<string, string>()
    fc.assert(fc.property(fc.oneof(wordy, fc.stringMatching(/^[a-cA-C:/_.-]{1,6}$/)), (key) => {
      const name = sanitised(key)
      expect(name).toMatch(/^[\w-~][\w.~-]{0,137}$/)
      expect(names.get(name.toLowerCase()) ?? key).toBe(key)
      names.set(name.toLowerCase(), key)
    }), { numRuns: 5000 })
  })
})

test('a collection stands in the folder of its kind', () => {
  expect(collectionPath({ collection_kind: 'file', collection_key: 'tpl:file:status-report/v1' })).toBe('_collections/file/tpl_file_status-report__v1.md')
  expect(collectionPath({ collection_kind: '../up', collection_key: 'x' })).toMatch(/^_collections\/_[\w.]*~[0-9a-f]{16}\/x\.md$/)
})
