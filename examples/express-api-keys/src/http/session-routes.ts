import { Router } from 'express'
import { z } from 'zod'
import type { SessionService } from '../sessions/session-service.ts'
import { bearerToken } from './bearer-token.ts'
import { readInput } from './read-input.ts'
import { requireAdmin } from './require-admin.ts'
import { requireSession } from './require-session.ts'

const signIn = z.object({ user: z.string().trim().min(1).max(100) })

/** Signing in and out. Whoever knows the admin token signs anyone in: stands for the login of a real application. */
export function sessionRoutes(sessions: SessionService, adminToken: string | null): Router {
  const router = Router()
  router.post('/', requireAdmin(adminToken), async (request, response) => {
    const { user } = readInput(signIn, request.body)
    response.status(201).json(await sessions.signIn(user))
  })
  router.delete('/current', requireSession(sessions), async (request, response) => {
    await sessions.signOut(bearerToken(request) ?? '')
    response.status(204).end()
  })
  return router
}
