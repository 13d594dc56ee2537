import { getValidatedQuery } from 'h3'
import { exportTemplates } from '../../db/templates'
import { ExportQuery } from '#shared/schemas/common'
import { TemplateQuery, TemplateRow } from '#shared/schemas/template'

/** GET /api/templates/export?format=csv|json: the filtered table as a file. */
export default defineConsoleHandler('GET /api/templates/export', async (event, { db }) => {
  const { format, ...query } = await getValidatedQuery(event, TemplateQuery.extend(ExportQuery.shape).strict().parse)
  return sendExport(event, 'templates', format, Object.keys(TemplateRow.shape), await exportTemplates(db, query))
})
