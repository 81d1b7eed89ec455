import { EscapementError } from '@escapement/base'
import { DatabaseConflictError } from '../error/database-conflict-error.ts'
import { DatabaseUnavailableError } from '../error/database-unavailable-error.ts'
import { DatabaseUnusableError } from '../error/database-unusable-error.ts'
import { UniqueViolationError } from '../error/unique-violation-error.ts'

/** What an error of a driver means to whoever called. */
export interface ServerFault {
  readonly kind: 'unavailable' | 'unusable' | 'conflict' | 'unique'
  /** The way out. */
  readonly advice: string
  /** The session is of no use any more, as after every fault of kind `unavailable`. */
  readonly spoilsSession?: true
  /** Of `unique`, where the server names it. */
  readonly constraint?: string
}

/** Reads an error of a driver; null: it is none of these kinds, and thrown as it is. */
export type FaultOf = (error: unknown) => ServerFault | null

/** An error of a driver as one of ours, naming the database; ours, and what has no kind, are passed through. */
export function typedError(error: unknown, faultOf: FaultOf, place: string): unknown {
  if (EscapementError.is(error)) return error
  const fault = faultOf(error)
  if (fault === null) return error
  const message = `${place}: ${problemOf(error)}; ${fault.advice}`
  const cause = holdsUrl(error) ? {} : { cause: error }
  switch (fault.kind) {
    case 'unavailable':
      return new DatabaseUnavailableError(message, cause)
    case 'unusable':
      return new DatabaseUnusableError(message, cause)
    case 'conflict':
      return new DatabaseConflictError(message, cause)
    case 'unique':
      return new UniqueViolationError(message, { cause: error, constraint: fault.constraint ?? null })
  }
}

/** Drivers pass the host's connection string to `URL`, whose error quotes it, password and all. */
function holdsUrl(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_INVALID_URL'
}

function problemOf(error: unknown): string {
  const { message, code } = error as { message?: unknown; code?: unknown }
  // An attempt at several addresses has a code and no message.
  return typeof message === 'string' && message !== '' ? message : String(code)
}
