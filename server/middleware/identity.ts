import { defineEventHandler } from 'h3'
import { identify } from '../auth/identify'

// Once a request: a page fetches as the person who asked for the page.
export default defineEventHandler(async (event) => {
  event.context.identity = await identify(event)
})
