/** A failure that is explained already: its message is all an operator needs, a stack trace would only hide it. */
export class PlainError extends Error {}

// Whether the terminal shows an unfinished line, which anything else has to replace.
let drawing = false

/** @param {string} text one line of progress, on standard error so that a command's own output stays clean */
export function say(text) {
  process.stderr.write(`${drawing ? '\r\x1B[K' : ''}${text}\n`)
}

/**
 * Shows one step while it works and how long it took.
 * @template T
 * @param {string} label what is being done, as an operator would say it
 * @param {() => Promise<T>} work
 * @returns {Promise<T>} what the work returned
 */
export async function step(label, work) {
  const started = Date.now()
  const seconds = () => Math.round((Date.now() - started) / 1000)
  const live = process.stderr.isTTY
  drawing = live
  const draw = () => process.stderr.write(`\r  … ${label} ${seconds()} s`)
  if (live) draw()
  else say(`  … ${label}`)
  const timer = live ? setInterval(draw, 1000) : undefined
  const finish = mark => say(`  ${mark} ${label}${seconds() > 0 ? ` (${seconds()} s)` : ''}`)
  try {
    const result = await work()
    finish('✓')
    return result
  }
  catch (error) {
    finish('✗')
    throw error
  }
  finally {
    clearInterval(timer)
    drawing = false
  }
}

/**
 * Ends the process after a failure, in words.
 * @param {unknown} error
 */
export function fail(error) {
  const text = error instanceof PlainError ? error.message : error instanceof Error ? error.stack : String(error)
  say(`\n${text}`)
  process.exitCode = 1
}
