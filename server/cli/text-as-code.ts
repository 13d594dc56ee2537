import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { defineCommand } from 'citty'
import { PlainError } from '../../bin/progress.mjs'
import type { Selection } from '../db/collection-files'
import { Refusal } from '../db/runs'
import { NothingSelected, exportCollections } from '../text-as-code/export'
import { applyImport, previewImport } from '../text-as-code/import'
import { type ImportChange, ImportError } from '../text-as-code/import-plan'
import { TextFileError, parseCollection } from '../text-as-code/parse'
import { verifyFiles } from '../text-as-code/verify'
import { onDatabase } from './iu/on-database'
import { answer } from './iu/output'
import { refusalOf, report, reportRefusal } from './iu/report'
import { Told, UsageError } from './iu/usage'
import { plural } from '#shared/utils/format'

const WHICH = {
  collection: { type: 'string', valueHint: 'key', description: 'Only the collection with this key' },
  family: { type: 'string', valueHint: 'name', description: 'Only the versions of this family' },
  dir: { type: 'string', valueHint: 'folder', default: 'iu-tree', description: 'The folder that _collections is in' },
  json: { type: 'boolean', default: false, description: 'Write JSON' },
} as const

function selectionOf({ collection, family }: { collection?: string, family?: string }): Selection {
  if (collection !== undefined && family !== undefined) throw new UsageError('Name a collection or a family, not both.')
  return collection !== undefined ? { collection } : family !== undefined ? { family } : 'everything'
}

/** What keeps a file or a name from being used is told in words. */
async function inWords<R>(file: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work()
  }
  catch (error) {
    if (error instanceof NothingSelected || error instanceof ImportError) throw new UsageError(error.message)
    if (error instanceof TextFileError) throw new PlainError(`${file}${error.line ? `, line ${error.line}` : ''}: ${error.message}\nNothing was changed.`)
    const { code, message } = error as { code?: unknown, message: string }
    if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) throw new PlainError(message)
    throw error
  }
}

/** Lines of an import's changes. */
function changeLine(change: ImportChange): string {
  const { address } = change
  const elsewhere = 'also_in' in change && change.also_in > 0 ? `, also read in ${plural(change.also_in, 'other collection')}` : ''
  switch (change.change) {
    case 'text_changed': return `~ text      ${address}: ${plural(change.lines_added, 'line')} in, ${change.lines_removed} out${elsewhere}`
    case 'title_changed': return `~ title     ${address}: ${JSON.stringify(change.from_title)} → ${JSON.stringify(change.title)}${elsewhere}`
    case 'added': return `+ piece     ${address}: at ${change.position} as ${change.role}`
    case 'removed': return `- piece     ${address}: from ${change.from_position}`
    case 'moved': return `~ position  ${address}: ${change.from_position} → ${change.position}`
    case 'role_changed': return `~ role      ${address}: ${change.from_role} → ${change.role}`
  }
}

const exportCommand = defineCommand({
  meta: { name: 'export', description: 'Write collections as text files: one, the versions of a family, or everything' },
  args: WHICH,
  run: ({ args }) => onDatabase(db => inWords(args.dir, async () => {
    const done = await exportCollections(db, selectionOf(args), args.dir)
    const written = done.filter(file => file.written)
    answer(args.json, { dir: args.dir, files: done },
      [...written.map(file => `  ${args.dir}/${file.path}`), `${plural(done.length, 'collection')}: ${plural(written.length, 'file')} written, ${done.length - written.length} as they were.`].join('\n'))
  })),
})

const verifyCommand = defineCommand({
  meta: { name: 'verify', description: 'Read exported files back and prove that they are what the database holds' },
  args: WHICH,
  run: ({ args }) => onDatabase(db => inWords(args.dir, async () => {
    const verified = await verifyFiles(db, args.dir, selectionOf(args))
    const { files, pieces, findings } = verified
    answer(args.json, { dir: args.dir, ...verified }, findings.length === 0
      ? `Proven: ${plural(files, 'file')} with ${plural(pieces, 'piece')}, digests and texts equal.`
      : [...findings.map(({ path, line, problem, message }) => `${args.dir}/${path}${line ? `:${line}` : ''}: ${problem}. ${message}`),
          `${plural(findings.length, 'file')} not proven.`].join('\n'))
    if (findings.length > 0) throw new Told(1)
  })),
})

const importCommand = defineCommand({
  meta: { name: 'import', description: 'Preview what an edited file would change; with --apply, change it' },
  args: {
    'file': { type: 'positional', required: true, description: 'A file that iu export wrote' },
    'actor': { type: 'string', required: true, valueHint: 'tag', description: 'Under which the changes are recorded' },
    'reason': { type: 'string', required: true, valueHint: 'text', description: 'Kept with the run' },
    'apply': { type: 'boolean', default: false, description: 'Change it; without this it is only previewed' },
    'open-gates': { type: 'boolean', default: false, description: 'Open the gates it needs inside its transaction, and put them back' },
    'json': { type: 'boolean', default: false, description: 'Write JSON' },
  },
  run: ({ args }) => onDatabase(db => inWords(args.file, async () => {
    const file = parseCollection(await readFile(args.file))
    const options = { operator: userInfo().username, actor: args.actor, reason: args.reason, openGates: args['open-gates'] }
    try {
      const { plan, run } = await (args.apply ? applyImport : previewImport)(db, file, options)
      const { collection_key, changes } = plan
      answer(args.json, { collection_key, changes, run }, run
        ? [`${collection_key}:`, ...changes.map(change => `  ${changeLine(change)}`), '', report(run)].join('\n')
        : `${collection_key}: nothing to change.`)
    }
    catch (error) {
      if (!(error instanceof Refusal)) throw error
      answer(args.json, refusalOf(error.outcome), reportRefusal(error.outcome))
      throw new Told(1)
    }
  })),
})

/** Text-as-code on the command line: `iu export`, `iu verify`, `iu import`. */
export const textAsCode = { export: exportCommand, verify: verifyCommand, import: importCommand }

/** What to type, by command. */
export const textAsCodeExamples: Record<keyof typeof textAsCode, string[]> = {
  export: ['npx iu export', 'npx iu export --family tpl:wf:onboarding'],
  verify: ['npx iu verify', 'npx iu verify --family tpl:wf:onboarding'],
  import: ['npx iu import iu-tree/_collections/workflow/tpl_wf_onboarding__v2.md --actor iu-core-text --reason "Clearer wording" --open-gates'],
}
