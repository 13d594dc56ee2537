import { z } from 'zod'
import { Digest, Id, PageQuery, SearchText, SortDirection, Timestamp, page } from './common'
import { DriftState, InstanceRow } from './instance'
import { PieceDifference, PlacedPiece } from './piece'

export const VersionStatus = z.enum(['current', 'superseded', 'retired'])

/** One row of `v_iu_template_observability`. */
export const TemplateRow = z.object({
  collection_id: Id,
  collection_key: z.string(),
  collection_kind: z.string(),
  title: z.string(),
  template_family: z.string().nullable(),
  version_label: z.string().nullable(),
  version_seq: z.number().int().nullable(),
  version_status: VersionStatus.nullable(),
  family_chain_length: z.number().int(),
  instance_count: z.number().int(),
  digest_matching_instances: z.number().int(),
  digest_diverged_instances: z.number().int(),
  active_piece_count: z.number().int(),
  manifest_digest: Digest,
  template_without_version: z.boolean(),
  version_without_template_marker: z.boolean(),
  last_instance_at: Timestamp.nullable(),
})
export type TemplateRow = z.infer<typeof TemplateRow>

export const TemplateSort = z.enum(['family', 'key', 'status', 'pieces', 'instances', 'diverged', 'last_instance'])
export const TemplateFlag = z.enum(['diverged', 'without_version', 'without_marker'])

/** Filters and sort of the observability table; `family` sorts by family, newest version first. */
export const TemplateQuery = PageQuery.extend({
  q: SearchText.optional(),
  status: VersionStatus.optional(),
  kind: SearchText.optional(),
  flag: TemplateFlag.optional(),
  sort: TemplateSort.default('family'),
  dir: SortDirection.default('asc'),
})
export type TemplateQuery = z.infer<typeof TemplateQuery>

/** Sums over all templates that match the filters. */
export const TemplateTotals = z.object({
  templates: z.number().int(),
  families: z.number().int(),
  instances: z.number().int(),
  matching: z.number().int(),
  diverged: z.number().int(),
  without_version: z.number().int(),
  without_marker: z.number().int(),
})
export const TemplatePage = page(TemplateRow).extend({ totals: TemplateTotals, kinds: z.array(z.string()) })
export type TemplatePage = z.infer<typeof TemplatePage>

/** `GET /api/templates/:id` */
export const TemplateDetail = z.object({
  template: TemplateRow.extend({
    description: z.string().nullable(),
    marked_by: z.string().nullable(),
    marked_at: Timestamp.nullable(),
    created_by: z.string(),
    created_at: Timestamp,
  }),
  pieces: z.array(PlacedPiece),
  /** The other versions of its family, newest first; empty without a version. */
  versions: z.array(TemplateRow.pick({
    collection_id: true, collection_key: true, version_label: true, version_seq: true, version_status: true,
    manifest_digest: true, active_piece_count: true, instance_count: true, digest_diverged_instances: true,
  })),
  /** The newest 50 instances; `template.instance_count` says how many there are. */
  instances: z.array(InstanceRow.extend({
    /** What differs from the template as it is now; empty when nothing does. */
    difference: z.array(PieceDifference),
  })),
  /** Templates that share pieces with it. */
  shares_with: z.array(z.object({
    collection_id: Id,
    collection_key: z.string(),
    title: z.string(),
    shared_pieces: z.number().int(),
  })),
  /** Instances by drift state. */
  drift: z.array(z.object({ drift_state: DriftState, instances: z.number().int() })),
})
export type TemplateDetail = z.infer<typeof TemplateDetail>
