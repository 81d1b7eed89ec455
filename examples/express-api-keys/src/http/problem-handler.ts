import { STATUS_CODES } from 'node:http'
import { EscapementError, type Logger } from '@escapement/base'
import type { ErrorRequestHandler } from 'express'
import { KeyRefusedError } from '../keys/key-refused-error.ts'
import { HttpError } from './http-error.ts'

/** Answers errors as RFC 9457 problem details. What nobody foresaw is logged and not shown. */
export function problemHandler(logger: Logger): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) {
      next(error)
      return
    }
    const status = statusOf(error)
    if (status >= 500) logger.error('request failed', { method: request.method, path: request.path, error })
    const detail = status < 500 ? (error as Error).message : undefined
    response
      .status(status)
      .type('application/problem+json')
      .send(JSON.stringify({ title: STATUS_CODES[status], status, detail }))
  }
}

function statusOf(error: unknown): number {
  if (error instanceof HttpError) return error.status
  if (error instanceof KeyRefusedError) return { unknown: 404, conflict: 409, invalid: 422 }[error.kind]
  if (EscapementError.is(error)) return escapementStatus(error.code)
  // What Express itself and its body parser throw.
  const { status } = (error ?? {}) as { status?: unknown }
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500
}

function escapementStatus(code: EscapementError['code']): number {
  switch (code) {
    case 'ERR_UNKNOWN_JOB':
    case 'ERR_UNKNOWN_EXECUTION':
      return 404
    case 'ERR_INVALID_INPUT':
    case 'ERR_INVALID_OPTION':
      return 422
    case 'ERR_STORE_UNAVAILABLE':
      return 503
    default:
      return 500
  }
}
