import type { H3Event } from 'h3'

/**
 * A signal that is aborted when the one who asks hangs up before being answered.
 * @param event the request
 * @returns the signal
 */
export function hangUpSignal(event: H3Event): AbortSignal {
  const controller = new AbortController()
  event.node.res.once('close', () => {
    if (!event.node.res.writableFinished) controller.abort()
  })
  return controller.signal
}
