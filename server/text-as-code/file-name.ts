import { textDigest } from './digests'

/** Where the files of collections live, below the folder that an operator names. */
export const COLLECTIONS = '_collections'

const LONGEST = 120
/** Device names that Windows gives no file. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/

/** `tpl:wf:onboarding/v2` → `tpl_wf_onboarding__v2`. */
const written = (key: string) => key.replaceAll('/', '__').replaceAll(':', '_')
const readBack = (name: string) => name.replaceAll('__', '/').replaceAll('_', ':')

/**
 * A file's or folder's name for a key. It depends on the key alone, so what else is in the database never renames a
 * file, and no two keys share one: a name that cannot be read back to its key carries a hash of it, after a `~`.
 * @param key any text
 * @returns at most 138 characters of A-Z, a-z, 0-9, `.`, `_`, `-` and `~`; differs from other keys' names by more than case
 */
export function sanitised(key: string): string {
  const name = written(key)
  const readable = /^[a-z0-9_][a-z0-9._-]*$/.test(name) && !name.endsWith('.') && name.length <= LONGEST && !RESERVED.test(name)
  if (readable && readBack(name) === key) return name
  const safe = name.replace(/[^\w.-]/g, '_').replace(/^\.+/, '_').slice(0, LONGEST)
  return `${safe}~${textDigest(key).slice(0, 16)}`
}

/** The name of a collection's file: `<key>.md`. */
export const fileName = ({ collection_key }: { collection_key: string }): string => `${sanitised(collection_key)}.md`

/**
 * Where a collection's file stands.
 * @returns path below the operator's folder, with forward slashes: `_collections/<kind>/<key>.md`
 */
export const collectionPath = (collection: { collection_kind: string, collection_key: string }): string =>
  `${COLLECTIONS}/${sanitised(collection.collection_kind)}/${fileName(collection)}`
