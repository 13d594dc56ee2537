import type { MaybeRefOrGetter } from 'vue'
import { toApiError, type ApiError } from '#shared/utils/api-error'

/**
 * @param error the `error` of a useFetch, or anything caught
 * @returns the failure flattened for the screen, or null while there is none
 */
export function useApiError(error: MaybeRefOrGetter<unknown>) {
  return computed<ApiError | null>(() => {
    const value = toValue(error)
    return value ? toApiError(value) : null
  })
}

/**
 * Gives the whole page to error.vue, for a page whose main data did not come.
 * @param error the `error` of a useFetch
 * @throws NuxtError always, with the status code and the server's body kept
 */
export function failPage(error: unknown): never {
  const { statusCode, requestId, ...body } = toApiError(error)
  throw createError({
    statusCode: statusCode || 503,
    statusMessage: body.status,
    message: body.message,
    data: { error: { ...body, request_id: requestId } },
    fatal: true,
  })
}

/**
 * The same for a list, which shows a notice in its place: only when the server failed and there is no page yet to hold it.
 * @param error the `error` of a useFetch
 * @throws NuxtError on the server, for status codes from 500
 */
export function failFirstPaint(error: unknown) {
  if (import.meta.server && error && toApiError(error).statusCode >= 500) failPage(error)
}
