import type { Logger } from '@escapement/base'
import type { Scheduler } from '@escapement/core'
import express, { type Express } from 'express'
import type { KeyService } from '../keys/key-service.ts'
import type { SessionService } from '../sessions/session-service.ts'
import { HttpError } from './http-error.ts'
import { keyRoutes } from './key-routes.ts'
import { problemHandler } from './problem-handler.ts'
import { schedulerRoutes } from './scheduler-routes.ts'
import { sessionRoutes } from './session-routes.ts'

/** What the routes are made of. */
export interface AppParts {
  readonly keys: KeyService
  readonly sessions: SessionService
  readonly scheduler: Scheduler
  readonly adminToken: string | null
  readonly logger: Logger
}

/** The Express application. */
export function createApp({ keys, sessions, scheduler, adminToken, logger }: AppParts): Express {
  const app = express()
  app.disable('x-powered-by')
  app.use(express.json({ limit: '10kb' }))
  app.get('/health', async (_request, response) => {
    const { isReady, isLive, state } = await scheduler.health()
    response.status(isLive ? 200 : 503).json({ isReady, isLive, state })
  })
  app.get('/whoami', async (request, response) => {
    const key = await keys.authenticate(request.get('x-api-key') ?? '')
    if (key === null) throw new HttpError(401, 'needs X-Api-Key with an active key')
    response.json(key)
  })
  app.use('/sessions', sessionRoutes(sessions, adminToken))
  app.use('/keys', keyRoutes(keys, sessions))
  app.use('/scheduler', schedulerRoutes(scheduler, adminToken))
  app.use((request) => {
    throw new HttpError(404, `no ${request.method} ${request.path} here`)
  })
  app.use(problemHandler(logger))
  return app
}
