import { getValidatedRouterParams, setResponseHeader } from 'h3'
import { getCollectionFile, withSnapshot } from '../../db/collection-files'
import { fileName } from '../../text-as-code/file-name'
import { renderCollection } from '../../text-as-code/format'
import { NotFound } from '../../utils/errors'
import { IdParam } from '#shared/schemas/common'

/** GET /api/text-as-code/:id: a collection as the file that `iu export` writes for it. */
export default defineConsoleHandler('GET /api/text-as-code/:id', async (event, { db }) => {
  const { id } = await getValidatedRouterParams(event, IdParam.parse)
  const collection = await withSnapshot(db, trx => getCollectionFile(trx, id))
  if (!collection) throw new NotFound('There is no collection with this id.')
  setResponseHeader(event, 'content-disposition', `attachment; filename="${fileName(collection)}"`)
  setResponseHeader(event, 'content-type', 'text/markdown; charset=utf-8')
  return renderCollection(collection)
})
