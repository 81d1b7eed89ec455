import type { ServerFault } from './server-fault.ts'

/** No connection was made, so that nothing can have been done. */
const NOT_REACHED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT', // the socket of a server that does not run
])

/** There was a connection, perhaps with a statement on its way. */
const BROKEN = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END'])

/** The fault of a connection that was lost. */
export const LOST: ServerFault = {
  kind: 'unavailable',
  advice: 'the connection was lost, and it is unknown whether the statement was done: try again',
}

/** The fault of an error of the network; null: it is none. */
export function networkFault(error: unknown): ServerFault | null {
  const { code, syscall } = error as { code?: unknown; syscall?: unknown }
  if (code === 'ERR_INVALID_URL') return { kind: 'unusable', advice: 'the connection string is no URL: correct it' }
  if (typeof code !== 'string') return null
  if (BROKEN.has(code) || (code === 'ETIMEDOUT' && syscall === 'read')) return LOST
  if (!NOT_REACHED.has(code) && code !== 'ETIMEDOUT') return null
  return { kind: 'unavailable', advice: 'see that the server runs and can be reached, then try again' }
}
