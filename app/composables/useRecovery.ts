const ASK_MS = 3000

/**
 * Asks gently whether the database is back, and says so once.
 * @param waiting asks only while this is true
 * @param back called when `/api/health/ready` answers well again
 */
export function useRecovery(waiting: Ref<boolean>, back: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false

  async function ask() {
    const ready = waiting.value && await $fetch.raw('/api/health/ready', { retry: 0 }).then(() => true, () => false)
    if (stopped) return
    if (ready) back()
    else timer = setTimeout(ask, ASK_MS)
  }

  onMounted(() => (timer = setTimeout(ask, ASK_MS)))
  onUnmounted(() => {
    stopped = true
    clearTimeout(timer)
  })
}
