import { EscapementError } from '@escapement/base'
import { DatabaseUnavailableError } from '../error/database-unavailable-error.ts'
import { DatabaseUnusableError } from '../error/database-unusable-error.ts'

/** Primary result codes (https://www.sqlite.org/rescode.html). */
const CODES: Readonly<Record<string, number>> = {
  BUSY: 5,
  LOCKED: 6,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  PROTOCOL: 15,
  NOTADB: 26,
}

/** The primary result code of an error of `node:sqlite` (a number) or better-sqlite3 (a name); 0 when it is neither. */
function sqliteCode(error: unknown): number {
  if (typeof error !== 'object' || error === null) return 0
  const { errcode, code } = error as { errcode?: unknown; code?: unknown }
  if (typeof errcode === 'number') return errcode & 0xff
  const name = typeof code === 'string' ? /^SQLITE_([A-Z]+)/.exec(code)?.[1] : undefined
  return name === undefined ? 0 : (CODES[name] ?? 0)
}

/** Whether another connection is in the way for now. `PROTOCOL`: the WAL was busy for too long at opening. */
export function isBusy(error: unknown): boolean {
  return [CODES['BUSY'], CODES['LOCKED'], CODES['PROTOCOL']].includes(sqliteCode(error))
}

/**
 * An error of SQLite as one of ours, naming the file as the host named it; anything else is passed through.
 *
 * @param file - The name that the host gave.
 */
export function sqliteError(error: unknown, file: string): unknown {
  if (EscapementError.is(error)) return error
  const cause = { cause: error }
  const name = `database "${file}"`
  switch (sqliteCode(error)) {
    case 0:
      return error
    case CODES['BUSY']:
    case CODES['LOCKED']:
    case CODES['PROTOCOL']:
      return new DatabaseUnavailableError(`${name} is locked by another connection; try again`, cause)
    case CODES['FULL']:
      return new DatabaseUnavailableError(`${name} is full: free some space on its disk, then try again`, cause)
    case CODES['IOERR']:
      return new DatabaseUnavailableError(`${name} failed to read or write: check its disk, then try again`, cause)
    case CODES['READONLY']:
      return new DatabaseUnusableError(
        `${name} is read-only; give this process the right to write it and its folder`,
        cause,
      )
    case CODES['CANTOPEN']:
      return new DatabaseUnusableError(
        `${name} cannot be opened; its folder must exist, and this process must be allowed to write there`,
        cause,
      )
    case CODES['NOTADB']:
      return new DatabaseUnusableError(`${name} is not a SQLite database; choose another file`, cause)
    case CODES['CORRUPT']:
      return new DatabaseUnusableError(`${name} is damaged; restore it from a backup`, cause)
    default:
      return error
  }
}
