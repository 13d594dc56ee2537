import { getValidatedQuery } from 'h3'
import { listTemplates } from '../../db/templates'
import { TemplateQuery } from '#shared/schemas/template'

/** GET /api/templates: the observability table, filtered, sorted, by page. */
export default defineConsoleHandler('GET /api/templates', async (event, { db }) =>
  listTemplates(db, await getValidatedQuery(event, TemplateQuery.strict().parse)))
