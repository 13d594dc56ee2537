import { setTimeout as pause } from 'node:timers/promises'

/**
 * Waits until a check holds.
 * @param what named in the error
 * @param check answers true when it holds; an exception of it counts as "not yet"
 * @param options patience in milliseconds; `gaveUp` ends the waiting at once with the reason it returns
 * @throws Error after the patience, or with the reason of `gaveUp`, both with what stands in the way
 */
export async function waitFor(
  what: string,
  check: () => Promise<boolean>,
  { patience = 30_000, gaveUp }: { patience?: number, gaveUp?: () => string | undefined } = {},
) {
  const deadline = Date.now() + patience
  let lastError: unknown
  while (Date.now() < deadline) {
    const reason = gaveUp?.()
    if (reason) throw new Error(`${what}: ${reason}`)
    try {
      if (await check()) return
    }
    catch (error) {
      lastError = error
    }
    await pause(50)
  }
  throw new Error(`${what}: not within ${patience} ms`, { cause: lastError })
}
