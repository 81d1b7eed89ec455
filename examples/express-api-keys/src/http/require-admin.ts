import { timingSafeEqual } from 'node:crypto'
import type { RequestHandler } from 'express'
import { hashSecret } from '../keys/secret.ts'
import { bearerToken } from './bearer-token.ts'
import { HttpError } from './http-error.ts'

/** Lets only those in who know the admin token; nobody when there is none. */
export function requireAdmin(adminToken: string | null): RequestHandler {
  return (request, _response, next) => {
    if (adminToken === null) throw new HttpError(401, 'closed: start the service with ADMIN_TOKEN to open this')
    const token = bearerToken(request)
    if (token === null || !isSame(token, adminToken))
      throw new HttpError(401, 'needs Authorization: Bearer <ADMIN_TOKEN>')
    next()
  }
}

/** Hashed first: `timingSafeEqual` wants equal lengths, and the time that it takes must tell nothing. */
function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(given)), Buffer.from(hashSecret(expected)))
}
