/**
 * What the digest costs that the triggers keep: members inserted with and without them, one by one and in one statement.
 * By hand: node --import tsx tests/bench/digest.bench.ts
 */
import { bench, median, report } from './setup'

const COLLECTIONS = 200
const MEMBERS = 20

await bench(async ({ session }) => {
  await session.query(`
    insert into public.information_unit (canonical_address, title, body, created_by)
    select 'digest/' || n, 'Piece ' || n, 'Text ' || n, 'bench' from generate_series(1, ${MEMBERS}) n`)
  const { rows } = await session.query('select id from public.information_unit where canonical_address like \'digest/%\' order by canonical_address')
  const pieces: string[] = rows.map(row => row.id)
  const newCollection = async (key: string): Promise<string> => (await session.query(
    'insert into public.iu_piece_collection (collection_key, collection_kind, title, created_by) values ($1, \'file\', $1, \'bench\') returning id', [key])).rows[0].id

  const inOne = async (way: string) => {
    const ids: string[] = []
    for (let n = 0; n < COLLECTIONS; n += 1) ids.push(await newCollection(`one-${way}-${n}`))
    return median(COLLECTIONS, n => session.query(
      'insert into public.iu_piece_membership (collection_id, iu_id, piece_order) select $1, given.id, given.place from unnest($2::uuid[]) with ordinality as given (id, place)',
      [ids[n], pieces]))
  }
  const oneByOne = async (way: string) => {
    const id = await newCollection(`each-${way}`)
    return median(MEMBERS, n => session.query(
      'insert into public.iu_piece_membership (collection_id, iu_id, piece_order) values ($1, $2, $3)', [id, pieces[n], n]))
  }

  const [statement, single] = [await inOne('digest'), await oneByOne('digest')]
  await session.query('alter table public.iu_piece_membership disable trigger user')
  const [plainStatement, plainSingle] = [await inOne('plain'), await oneByOne('plain')]
  report(`${MEMBERS} members in one statement`, ['plain insert', plainStatement], ['digest kept', statement])
  report(`One member, into a collection of up to ${MEMBERS}`, ['plain insert', plainSingle], ['digest kept', single])
})
