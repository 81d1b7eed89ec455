import type { RequestHandler, Response } from 'express'
import type { SessionService } from '../sessions/session-service.ts'
import { bearerToken } from './bearer-token.ts'
import { HttpError } from './http-error.ts'

/** Lets only those in who have signed in. */
export function requireSession(sessions: SessionService): RequestHandler {
  return async (request, response, next) => {
    const token = bearerToken(request)
    const user = token === null ? null : await sessions.userOf(token)
    if (user === null) throw new HttpError(401, 'needs Authorization: Bearer <token of POST /sessions>')
    response.locals['user'] = user
    next()
  }
}

/** Who signed in, on routes behind {@link requireSession}. */
export function userOf(response: Response): string {
  return response.locals['user'] as string
}
