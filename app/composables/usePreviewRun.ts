import type { CommandRun, Preview } from '#shared/schemas/run'
import { toApiError } from '#shared/utils/api-error'

/** What is previewed and run, and where. */
export interface PreviewRunOptions {
  previewUrl: string
  runUrl: string
  /** The request as the form stands now; null while the form is not valid. */
  request: () => object | null
  /** Why running this preview is pointless, in words; null when it is not. */
  hindrance: (preview: Preview) => string | null
  /** Where the record of a stopped run is asked for, by its preview's id; without it a run is not stopped. */
  outcomeUrl?: string
  /** Told the fields that the server refused in a preview. */
  onRejected: (fields: { path: string, message: string }[]) => void
}

/**
 * Preview first, then run exactly what was previewed: the state of a form that writes.
 * @returns the preview, whether and why it cannot be run, what failed, and the two steps; a run ends on its own page
 */
export function usePreviewRun(options: PreviewRunOptions) {
  const toast = useToast()
  const preview = shallowRef<Preview | null>(null)
  const failure = shallowRef<unknown>(null)
  const failedStep = ref<'preview' | 'run'>('preview')
  const busy = ref<'preview' | 'run' | null>(null)
  const previewed = ref('')
  const spent = ref(false)
  const now = ref(0)
  const takenAt = ref(0)
  const busySince = ref(0)
  let hangUp: AbortController | undefined
  let alive = true
  let clock: ReturnType<typeof setInterval> | undefined

  onMounted(() => {
    clock = setInterval(() => (now.value = Date.now()), 1000)
  })
  onBeforeUnmount(() => {
    alive = false
    clearInterval(clock)
  })

  /** Measured between the server's two times, so that a wrong clock in the browser does not matter. */
  const goodFor = computed(() => (preview.value ? Date.parse(preview.value.expires_at) - Date.parse(preview.value.started_at) : 0))
  const expired = computed(() => preview.value !== null && now.value > takenAt.value + goodFor.value)
  const stale = computed(() => preview.value !== null && JSON.stringify(options.request()) !== previewed.value)
  const hindered = computed(() => {
    if (!preview.value) return 'Preview first.'
    if (stale.value) return 'The form has changed since this preview. Preview again to run it.'
    if (spent.value) return 'This preview can no longer be run. Preview again.'
    if (expired.value) return 'This preview is too old to be run. Preview again.'
    return options.hindrance(preview.value)
  })
  const refusal = computed(() => {
    const error = failure.value ? toApiError(failure.value) : null
    return error && error.statusCode >= 400 && error.statusCode < 500 ? error : null
  })

  function fail(error: unknown, step: 'preview' | 'run') {
    failure.value = error
    failedStep.value = step
    const { statusCode, field, fields, message } = toApiError(error)
    const wrong = fields.length > 0 ? fields : field ? [{ path: field, message }] : []
    if (step === 'preview' && wrong.length > 0) options.onRejected(wrong)
    return statusCode
  }

  function begin(step: 'preview' | 'run') {
    busy.value = step
    busySince.value = now.value = Date.now()
    failure.value = null
    hangUp = new AbortController()
    return hangUp.signal
  }

  /** Hangs up: the server stops the work and takes back what it had done. */
  const stop = () => hangUp?.abort()

  /** A run that was stopped has left a record all the same: refused, or finished a moment before. */
  async function followStopped(previewId: string) {
    for (let asked = 0; asked < 20; asked += 1) {
      const { run_id } = await $fetch<{ run_id: string | null }>(`${options.outcomeUrl}/${previewId}`).catch(() => ({ run_id: null }))
      if (run_id) return alive && navigateTo(`/runs/${run_id}`)
      await new Promise(resolve => setTimeout(resolve, 250))
    }
    toast.add({ title: 'The run was stopped', description: 'Its record has not come yet; the list of runs will have it.', color: 'warning' })
  }

  async function takePreview() {
    const request = options.request()
    if (busy.value || !request) return
    const signal = begin('preview')
    try {
      const taken = await $fetch<Preview>(options.previewUrl, { method: 'POST', body: request, signal, retry: 0 })
      takenAt.value = now.value = Date.now()
      previewed.value = JSON.stringify(request)
      spent.value = false
      preview.value = taken
    }
    catch (error) {
      preview.value = null
      if (!signal.aborted) fail(error, 'preview')
    }
    finally {
      busy.value = null
    }
  }

  async function run(given: Record<string, string> = {}) {
    if (busy.value || !preview.value || hindered.value) return
    const previewId = preview.value.id
    const signal = begin('run')
    try {
      const { id } = await $fetch<CommandRun>(options.runUrl, { method: 'POST', body: { preview_id: previewId, ...given }, signal, retry: 0 })
      // The figures of the navigation follow.
      refreshNuxtData('shell')
      if (alive) await navigateTo(`/runs/${id}`)
      else toast.add({ title: 'The run is finished', icon: 'i-lucide-check', color: 'success', actions: [{ label: 'Show the result', to: `/runs/${id}` }] })
    }
    catch (error) {
      if (signal.aborted) {
        spent.value = true
        return void await followStopped(previewId)
      }
      // A refused run ends its preview; after a failure of the server the same one may be tried again.
      const statusCode = fail(error, 'run')
      spent.value = statusCode === 409 || statusCode === 404
      if (!alive) toast.add({ title: 'The run did not go through', description: toApiError(error).message, color: 'error' })
    }
    finally {
      busy.value = null
    }
  }

  function discard() {
    preview.value = failure.value = null
  }

  return { preview, failure, failedStep, refusal, busy, stale, hindered, now, takenAt, goodFor, busySince, takePreview, run, stop, discard }
}
