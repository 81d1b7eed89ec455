import { Router } from 'express'
import { z } from 'zod'
import type { KeyService } from '../keys/key-service.ts'
import type { SessionService } from '../sessions/session-service.ts'
import { readInput } from './read-input.ts'
import { requireSession, userOf } from './require-session.ts'

const expiresAt = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .nullable()
const newKey = z.object({ name: z.string().trim().min(1).max(100), expiresAt: expiresAt.default(null) })
const rotation = z.object({ expiresAt: expiresAt.optional() })
const page = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  after: z.string().max(100).optional(),
})

/** What owners do with their API keys. Needs a session. */
export function keyRoutes(keys: KeyService, sessions: SessionService): Router {
  const router = Router()
  router.use(requireSession(sessions))
  router.post('/', async (request, response) => {
    const input = readInput(newKey, request.body)
    response.status(201).json(await keys.create(userOf(response), input.name, input.expiresAt))
  })
  router.get('/', async (request, response) => {
    const { limit, after } = readInput(page, request.query)
    const items = await keys.list(userOf(response), limit, after)
    response.json({ items, next: items.length === limit ? items.at(-1)?.id : null })
  })
  router.post('/:id/rotate', async (request, response) => {
    const input = readInput(rotation, request.body)
    response.json(await keys.rotate(userOf(response), request.params.id, input.expiresAt))
  })
  router.post('/:id/revoke', async (request, response) => {
    await keys.revoke(userOf(response), request.params.id)
    response.status(204).end()
  })
  return router
}
