import type { ApiError as ErrorBody } from '#shared/schemas/error'

/** What a failed request says, flattened for the screen. */
export interface ApiError extends Omit<ErrorBody, 'request_id' | 'fields'> {
  /** HTTP status; 0 when no answer came at all. */
  statusCode: number
  fields: { path: string, message: string }[]
  requestId?: string
}

/** useFetch and createError each add a layer of `data` around the server's body. */
function findBody(value: unknown, depth = 0): ErrorBody | undefined {
  if (typeof value !== 'object' || value === null || depth > 4) return undefined
  const { error, data } = value as { error?: Partial<ErrorBody>, data?: unknown }
  return typeof error?.status === 'string' ? error as ErrorBody : findBody(data, depth + 1)
}

/**
 * Flattens whatever $fetch, useFetch or createError give into one shape.
 * @param error what was caught
 * @returns status code, status, a message an operator can read; field, gate and request id where the server named them
 */
export function toApiError(error: unknown): ApiError {
  const outer = (error ?? {}) as { statusCode?: number, message?: string, statusMessage?: string }
  const { request_id: requestId, ...body }: Partial<ErrorBody> = findBody(error) ?? {}
  const statusCode = outer.statusCode ?? 0
  const fallback = statusCode === 0 ? 'The console did not answer.' : outer.statusMessage || outer.message || 'The request failed.'
  return {
    status: statusCode === 0 ? 'unreachable' : 'failed',
    message: fallback,
    ...body,
    fields: body.fields ?? [],
    statusCode,
    requestId,
  }
}
