import type { Shell } from '#shared/schemas/shell'

const POLL_MS = 30_000

/**
 * What stands around every page: operator, counts, gate state. One fetch for all who ask.
 * @returns `data` (null while the server cannot say), `error`, `refresh`; `refreshNuxtData('shell')` renews it too
 */
export function useShell() {
  return useFetch<Shell>('/api/shell', { key: 'shell', dedupe: 'defer' })
}

/** Keeps the shell's figures fresh while the window is looked at. For the layout, once. */
export function useShellPolling() {
  let timer: ReturnType<typeof setInterval> | undefined
  const renew = () => {
    if (document.visibilityState === 'visible') refreshNuxtData('shell')
  }
  const { data } = useNuxtData<Shell>('shell')
  onMounted(() => {
    // The server sends an error page without the figures.
    if (!data.value) renew()
    timer = setInterval(renew, POLL_MS)
    document.addEventListener('visibilitychange', renew)
  })
  onUnmounted(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', renew)
  })
}
