import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { textDifference } from '#shared/utils/text-difference'

const shown = (from: string, to: string) => textDifference(from, to).map(({ change, text }) => `${{ same: ' ', added: '+', removed: '-' }[change]}${text}`)
const texts = fc.array(fc.constantFrom('a', 'b', 'c', '')).map(lines => lines.join('\n'))

describe('the difference of two texts', () => {
  test('shows what was removed before what stands in its place', () => {
    expect(shown('a\nb\nc', 'a\nx\nc')).toEqual([' a', '-b', '+x', ' c'])
  })
  test('keeps what is common on both sides of a change', () => {
    expect(shown('a\nb\nc\nd', 'b\nc\ne\nd')).toEqual(['-a', ' b', ' c', '+e', ' d'])
  })
  test('gives both texts back, whatever they are, and no change where there is none', () => fc.assert(fc.property(texts, texts, (from, to) => {
    const lines = textDifference(from, to)
    const without = (change: string) => lines.filter(line => line.change !== change).map(line => line.text).join('\n')
    expect([without('added'), without('removed')]).toEqual([from, to])
    expect(lines.every(line => line.change === 'same')).toBe(from === to)
  })))
  test('stays quick with texts that have nothing in common', () => {
    const many = (word: string) => Array.from({ length: 20_000 }, (_, i) => `${word}${i}`).join('\n')
    expect(textDifference(many('a'), many('b'))).toHaveLength(40_000)
  })
})
