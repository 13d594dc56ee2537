import { getValidatedRouterParams } from 'h3'
import { describeCommand } from '../../db/command-catalog'
import { NotFound } from '../../utils/errors'
import { CommandNameParam } from '#shared/schemas/command'

/** GET /api/commands/:name: what a command takes, needs and would send. */
export default defineConsoleHandler('GET /api/commands/:name', async (event, { db }) => {
  const { name } = await getValidatedRouterParams(event, CommandNameParam.parse, { decode: true })
  const command = await describeCommand(db, name)
  if (!command) throw new NotFound('There is no command of this name.')
  return command
})
