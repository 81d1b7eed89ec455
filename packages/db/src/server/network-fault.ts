import type { ServerFault } from './server-fault.ts'

const CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT', // the socket of a server that does not run
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
])

/** The fault of an error of the network; null: it is none. */
export function networkFault(error: unknown): ServerFault | null {
  const code = (error as { code?: unknown } | null)?.code
  if (code === 'ERR_INVALID_URL') return { kind: 'unusable', advice: 'the connection string is no URL: correct it' }
  if (typeof code !== 'string' || !CODES.has(code)) return null
  return { kind: 'unavailable', advice: 'see that the server runs and can be reached, then try again' }
}

/** The fault of a connection that was lost. */
export const LOST: ServerFault = {
  kind: 'unavailable',
  advice: 'the connection was lost, and it is unknown whether the statement was done: try again',
}
