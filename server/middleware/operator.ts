import { defineEventHandler } from 'h3'
import { identifyOperator } from '../utils/operator'

// A page fetches as the person who asked for the page.
export default defineEventHandler((event) => {
  event.context.operator = identifyOperator(event)
})
