import pino from 'pino'

/** One JSON line an event on standard output. Bodies, headers and connection strings are never logged. */
export const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime, level: process.env.LOG_LEVEL ?? 'info' })
