import type { Db } from './client'
import { manifestDifferences } from './pieces'
import { ChainVersion, FamilyDetail, FamilyRow } from '#shared/schemas/family'

/** Every family, by name. */
export const listFamilies = async (db: Db): Promise<FamilyRow[]> =>
  FamilyRow.array().parse(await db.selectFrom('v_iu_template_family').selectAll().orderBy('template_family').execute())

/**
 * One family: its chain, oldest first, and the piece-level difference of each version from its predecessor.
 * @returns null when no version is registered under that name
 */
export async function getFamily(db: Db, family: string): Promise<FamilyDetail | null> {
  const row = await db.selectFrom('v_iu_template_family').selectAll().where('template_family', '=', family).executeTakeFirst()
  if (!row) return null

  const [versions, candidates] = await Promise.all([
    db.selectFrom('v_iu_template_version_chain as v')
      .innerJoin('v_iu_template_observability as t', 't.collection_id', 'v.collection_id')
      .selectAll('v')
      .select(['t.instance_count', 't.digest_matching_instances', 't.digest_diverged_instances'])
      .where('v.template_family', '=', family)
      .orderBy('v.version_seq').execute(),
    db.selectFrom('v_iu_template_observability').selectAll()
      .where('template_without_version', '=', true)
      .orderBy('collection_key').execute(),
  ])
  const chain = ChainVersion.array().parse(versions)
  const steps = chain.filter(version => version.previous_manifest_digest !== null)
  const pieces = await manifestDifferences(db, steps.map(version => [version.previous_manifest_digest!, version.manifest_digest]))
  return FamilyDetail.parse({
    family: row,
    versions: chain,
    differences: steps.map((version, i) => ({
      from_collection_id: version.previous_collection_id,
      to_collection_id: version.collection_id,
      pieces: pieces[i],
    })),
    candidates,
  })
}
