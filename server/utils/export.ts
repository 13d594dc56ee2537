import { type H3Event, setResponseHeader } from 'h3'
import { stringify } from 'csv-stringify/sync'

/**
 * Answers with rows as a file to save.
 * @param name of the file, without ending
 * @param columns of the CSV, in order
 * @returns the file's text
 */
export function sendExport(event: H3Event, name: string, format: 'csv' | 'json', columns: string[], rows: object[]): string {
  setResponseHeader(event, 'content-disposition', `attachment; filename="${name}.${format}"`)
  setResponseHeader(event, 'content-type', format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8')
  return format === 'csv'
    // A spreadsheet would run a cell that begins like a formula.
    ? stringify(rows, { header: true, columns, escape_formulas: true, cast: { boolean: String } })
    : JSON.stringify(rows, null, 2)
}
