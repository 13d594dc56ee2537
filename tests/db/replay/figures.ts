import { type Kysely, sql } from 'kysely'

/** The operation's own report: each surface before and after. */
export const SURFACES = [
  { surface: 'information_unit', before: 174, after: 175 },
  { surface: 'iu_piece_collection', before: 10, after: 24 },
  { surface: 'iu_piece_membership', before: 43, after: 118 },
  { surface: 'iu_collection_template_instance_lineage', before: 4, after: 17 },
  { surface: 'iu_auto_instantiate_event_log', before: 0, after: 13 },
  { surface: 'iu_collection_template_registry', where: 'is_template', before: 3, after: 4 },
  { surface: 'iu_collection_template_version', before: 2, after: 4 },
  { surface: 'event_outbox', where: 'event_domain = \'iu\'', before: 125, after: 214 },
  { surface: 'iu_lifecycle_log', before: 146, after: 146 },
  { surface: 'iu_vector_sync_point', before: 152, after: 152 },
  { surface: 'iu_three_axis_envelope', where: 'axis_key = \'DIEU-28\'', before: 27, after: 27 },
  { surface: 'iu_three_axis_envelope', where: 'axis_key = \'DIEU-32\'', before: 23, after: 23 },
  { surface: 'iu_three_axis_envelope', where: 'axis_key = \'DIEU-35\'', before: 36, after: 36 },
  { surface: 'v_iu_gate', where: 'is_open', before: 0, after: 0 },
] as const

/** The report's table of templates after the operation. */
export const TEMPLATES = [
  { key: 'tpl:file:status-report/v1', label: 'v1', status: 'superseded', instances: 0, matching: 0, diverged: 0, without_version: false },
  { key: 'tpl:file:status-report/v2', label: 'v2', status: 'current', instances: 4, matching: 4, diverged: 0, without_version: false },
  { key: 'tpl:wf:onboarding/v1', label: 'v1', status: 'superseded', instances: 1, matching: 1, diverged: 0, without_version: false },
  { key: 'tpl:wf:onboarding/v2', label: 'v2', status: 'current', instances: 12, matching: 12, diverged: 0, without_version: false },
]

/** The rows that a surface has now. */
export async function countOf<T>(db: Kysely<T>, { surface, where }: { surface: string, where?: string }): Promise<number> {
  const { rows: [counted] } = await sql<{ rows: number }>`
    select count(*)::int as rows from ${sql.table(`public.${surface}`)} where ${sql.raw(where ?? 'true')}`.execute(db)
  return counted!.rows
}

/** The table of templates as it is now, in the order of the report. */
export async function templateTable<T>(db: Kysely<T>) {
  const { rows } = await sql`
    select collection_key as key, version_label as label, version_status as status, instance_count as instances,
           digest_matching_instances as matching, digest_diverged_instances as diverged, template_without_version as without_version
    from public.v_iu_template_observability order by collection_key`.execute(db)
  return rows
}
