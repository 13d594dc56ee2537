import { defineCommand } from 'citty'
import { scanConformance } from '../../db/conformance'
import { onDatabase } from './on-database'
import { answer } from './output'
import { Told } from './usage'

/** `iu conformance`: is the database what the migrations say? */
export const conformanceCommand = defineCommand({
  meta: { name: 'conformance', description: 'Compare the database with the inventory; exit code 1 when it differs' },
  args: { json: { type: 'boolean', default: false, description: 'Write JSON' } },
  run: ({ args }) => onDatabase(async (db) => {
    const report = await scanConformance(db)
    const differences = report.differences.map(({ kind, class: of, name }) => `${kind.padEnd(8)} ${of.padEnd(10)} ${name}`)
    answer(args.json, report, [...differences, report.verdict].join('\n'))
    if (!report.conforms) throw new Told(1)
  }),
})
