import { z } from 'zod'

/**
 * Body of every answer that is not a success: `{ error: … }`. In a `FetchError` it is `error.data`.
 * `status` is the SQL function's own refusal (`live_gate_closed`) or the server's (`invalid_request`, `not_found`,
 * `database_unavailable`, `internal_error`, …); `message` and `hint` are for the operator to read.
 */
export const ApiErrorBody = z.object({
  error: z.object({
    status: z.string(),
    message: z.string(),
    /** What the operator can do now. */
    hint: z.string().optional(),
    /** The request field that is wrong, when there is one. */
    field: z.string().optional(),
    /** Every wrong field, when there are several. */
    fields: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    /** The gate that refused, as it stands. */
    gate: z.object({
      key: z.string(),
      is_open: z.boolean(),
      protects: z.string(),
      changed_at: z.string().nullable(),
      changed_by: z.string().nullable(),
    }).optional(),
    /** What moved between a preview and its run. */
    changes: z.array(z.object({ what: z.string(), previewed: z.string(), now: z.string() })).optional(),
    request_id: z.string(),
  }),
})
export type ApiErrorBody = z.infer<typeof ApiErrorBody>
export type ApiError = ApiErrorBody['error']
