/** Counts from the runners' JSON reports. Plain JavaScript: bin/test.mjs reads them without a compiler. */

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * Counts a Vitest report. A file that failed without a failed test (a syntax error, a failing hook) counts as one failure.
 * @param {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number,
 *   testResults: { status: string, assertionResults: { status: string }[] }[] }} report of `--reporter=json`
 * @returns {Counts}
 */
export function readVitestReport(report) {
  const brokenFiles = report.testResults.filter(file =>
    file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed'))
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/**
 * Counts a Playwright report. An error outside of any test (a syntax error, a failing setup) counts as one failure; a test
 * that passed only when tried again did not pass.
 * @param {{ stats: { expected: number, unexpected: number, flaky: number, skipped: number }, errors: unknown[] }} report
 *   of `--reporter=json`
 * @returns {Counts}
 */
export function readPlaywrightReport({ stats, errors }) {
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky + errors.length, skipped: stats.skipped }
}
