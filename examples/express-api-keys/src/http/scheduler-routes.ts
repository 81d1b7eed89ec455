import type { Scheduler } from '@escapement/core'
import { type Response, Router } from 'express'
import { z } from 'zod'
import { HttpError } from './http-error.ts'
import { readInput } from './read-input.ts'
import { requireAdmin } from './require-admin.ts'

const DAY_MS = 86_400_000
const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))
const executionQuery = z.object({
  job: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().optional(),
})
const tickQuery = z.object({ from: instant.optional(), to: instant.optional() })

/** A first look at the scheduler for operators: jobs, executions, the ledger of a job, and asking for a run. */
export function schedulerRoutes(scheduler: Scheduler, adminToken: string | null): Router {
  const router = Router()
  router.use(requireAdmin(adminToken))
  router.get('/jobs', async (_request, response) => {
    sendJson(response, await scheduler.jobs())
  })
  router.get('/jobs/:name/ticks', async (request, response) => {
    const { from, to } = readInput(tickQuery, request.query)
    const end = to ?? (from ?? Date.now()) + DAY_MS
    const start = from ?? end - 2 * DAY_MS
    sendJson(response, { items: await scheduler.ticks(request.params.name, { from: start, to: end }) })
  })
  router.post('/jobs/:name/trigger', async (request, response) => {
    response.status(202)
    sendJson(response, await scheduler.enqueue(request.params.name, undefined, { by: 'service:admin' }))
  })
  router.get('/executions', async (request, response) => {
    const { job, limit, cursor } = readInput(executionQuery, request.query)
    sendJson(
      response,
      await scheduler.executions(job === undefined ? {} : { jobs: [job] }, { limit, cursor: cursor ?? null }),
    )
  })
  router.get('/executions/:id', async (request, response) => {
    const detail = await scheduler.execution(request.params.id)
    if (detail === null) throw new HttpError(404, `no execution ${request.params.id}`)
    sendJson(response, detail)
  })
  router.get('/health', async (_request, response) => {
    sendJson(response, await scheduler.health())
  })
  return router
}

/** Fences are bigints; outside JavaScript they travel as decimal text. */
function sendJson(response: Response, value: object): void {
  const text = JSON.stringify(value, (_key, field: unknown) => (typeof field === 'bigint' ? field.toString() : field))
  response.type('application/json').send(text)
}
