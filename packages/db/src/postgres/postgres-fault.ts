import { LOST, networkFault } from '../server/network-fault.ts'
import type { ServerFault } from '../server/server-fault.ts'

const AGAIN = 'try again'
const MIGRATE = "migrate the tables, with migrate: 'auto'"
const NAMED = 'a pooler shares sessions: let it track prepared statements, or set preparedStatements: false'

/** By SQLSTATE, or by its class of two characters (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const FAULTS: Readonly<Record<string, ServerFault>> = {
  '08': LOST,
  '53': { kind: 'unavailable', advice: 'the server has run out of something: free some, then try again' },
  '53300': { kind: 'unavailable', advice: 'make pools smaller or raise max_connections, then try again' },
  '57P01': LOST,
  '57P02': LOST,
  '57P03': { kind: 'unavailable', advice: 'the server is starting or stopping: try again' },
  '57P05': LOST,
  '57014': { kind: 'unavailable', advice: 'statement_timeout or an administrator ended the statement: try again' },
  '58': { kind: 'unavailable', advice: 'the server failed to read or write: see its log, then try again' },
  '25P03': LOST,
  '25006': {
    kind: 'unavailable',
    advice: 'the server is read-only: connect to the primary, or see default_transaction_read_only, then try again',
  },
  '40': { kind: 'conflict', advice: AGAIN },
  '40003': LOST,
  '55P03': { kind: 'conflict', advice: AGAIN },
  '28': { kind: 'unusable', advice: 'correct user and password, or see pg_hba.conf' },
  '3D000': { kind: 'unusable', advice: 'create the database, or correct its name' },
  '3F000': { kind: 'unusable', advice: 'create the schema, or correct its name' },
  '42501': { kind: 'unusable', advice: 'have the owner GRANT the right to this user' },
  '42P01': { kind: 'unusable', advice: MIGRATE },
  '42703': { kind: 'unusable', advice: MIGRATE },
  '26000': { kind: 'unusable', advice: NAMED },
  '42P05': { kind: 'unusable', advice: NAMED },
  '54000': { kind: 'unusable', advice: 'the statement exceeds a limit of the server' },
}

/** Errors of `pg` itself have no code. */
const MESSAGES: readonly (readonly [RegExp, ServerFault])[] = [
  [/after calling end on the pool/, { kind: 'unusable', advice: 'the pool has been closed: open another' }],
  [/^SASL: /, { kind: 'unusable', advice: 'correct user and password' }],
  [/timeout exceeded when trying to connect|due to connection timeout/, { kind: 'unavailable', advice: AGAIN }],
  [/^Connection terminated|not queryable|^Query read timeout|Client was closed/, LOST],
]

/** Reads an error of `pg`. */
export function postgresFault(error: unknown): ServerFault | null {
  if (typeof error !== 'object' || error === null) return null
  const { code, message, constraint } = error as { code?: unknown; message?: unknown; constraint?: unknown }
  if (code === '23505') {
    const name = typeof constraint === 'string' ? { constraint } : {}
    return { kind: 'unique', advice: 'the row is there already', ...name }
  }
  // A table was changed under a plan; the session is discarded, and another one plans anew.
  if (code === '0A000' && /cached plan must not change result type/.test(String(message))) {
    return { kind: 'conflict', advice: AGAIN, spoilsSession: true }
  }
  if (typeof code === 'string') return FAULTS[code] ?? FAULTS[code.slice(0, 2)] ?? networkFault(error)
  return MESSAGES.find(([pattern]) => pattern.test(String(message)))?.[1] ?? null
}
