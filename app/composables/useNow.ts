const TICK_MS = 15_000
let watchers = 0
let timer: ReturnType<typeof setInterval> | undefined

/**
 * The present, shared by all relative times. The browser starts from the server's value, so that hydration finds
 * the text it expects, and moves on from there.
 * @returns milliseconds since the epoch, renewed every 15 seconds
 */
export function useNow() {
  const now = useState('now', () => Date.now())
  onMounted(() => {
    now.value = Date.now()
    watchers += 1
    timer ??= setInterval(() => (now.value = Date.now()), TICK_MS)
  })
  onUnmounted(() => {
    watchers -= 1
    if (watchers === 0) {
      clearInterval(timer)
      timer = undefined
    }
  })
  return readonly(now)
}
