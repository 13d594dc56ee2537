import { createHash } from 'node:crypto'

/** SHA-256 of a text's UTF-8 bytes in lower-case hex: what `fn_iu_text_digest` computes. */
export const textDigest = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex')

/**
 * The manifest digest of these pieces: what the database keeps for a collection that holds them.
 * @param pieces role and id, in order
 * @returns lower-case hex
 */
export function manifestDigest(pieces: { role: string, iu_id: string }[]): string {
  // PostgreSQL's one way of writing this jsonb: shorter keys first, a space after colon and comma.
  const members = pieces.map(({ role, iu_id }, index) =>
    `{"role": ${JSON.stringify(role)}, "iu_id": "${iu_id}", "position": ${index + 1}}`)
  return textDigest(`[${members.join(', ')}]`)
}
