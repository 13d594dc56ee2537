import { toApiError, type ApiError } from '#shared/utils/api-error'

interface Form { setErrors: (errors: { name: string, message: string }[]) => void }

/**
 * Sends what a small form holds, and keeps what came of it: wrong fields go to the form, everything else into `failure`.
 * @param form where wrong fields are shown; with `validate-on-input-delay="1"`, or a check of the last key that comes late
 *   takes the server's errors away again
 * @returns `send`, which answers null when it did not go through; `busy`; `failure`, null while there is none
 */
export function useSend(form?: () => Form | null | undefined) {
  const busy = ref(false)
  const failure = ref<ApiError | null>(null)
  async function send<Answer>(path: string, method: 'POST' | 'PUT', body: object = {}): Promise<Answer | null> {
    busy.value = true
    failure.value = null
    try {
      return await $fetch(path, { method, body }) as Answer
    }
    catch (error) {
      const { field, fields, ...rest } = toApiError(error)
      const wrong = fields.length > 0 ? fields : field ? [{ path: field, message: rest.message.replace(`${field}: `, '') }] : []
      const target = form?.()
      if (wrong.length > 0 && target) target.setErrors(wrong.map(({ path: name, message }) => ({ name, message })))
      else failure.value = { field, fields, ...rest }
      return null
    }
    finally {
      busy.value = false
    }
  }
  return { send, busy, failure }
}
