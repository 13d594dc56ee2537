import { getValidatedQuery } from 'h3'
import { exportPieces } from '../../db/pieces'
import { ExportQuery } from '#shared/schemas/common'
import { PieceQuery, PieceRow } from '#shared/schemas/piece'

/** GET /api/pieces/export?format=csv|json: the filtered list as a file, without the texts. */
export default defineConsoleHandler('GET /api/pieces/export', async (event, { db }) => {
  const { format, ...query } = await getValidatedQuery(event, PieceQuery.extend(ExportQuery.shape).strict().parse)
  return sendExport(event, 'pieces', format, Object.keys(PieceRow.shape), await exportPieces(db, query))
})
