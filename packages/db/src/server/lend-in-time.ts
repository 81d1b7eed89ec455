import { DatabaseUnavailableError } from '../error/database-unavailable-error.ts'
import type { CallDeadlines } from './call-deadlines.ts'
import type { ServerConnection, ServerDriver } from './server-driver.ts'

/**
 * Lends a connection for as long as a call may take, the wait for it included. Then the caller is told, and the
 * connection closed; work that has not begun by then never does.
 *
 * @throws {@link DatabaseUnavailableError} when the time is over.
 */
export function lendInTime<T>(
  driver: ServerDriver,
  deadlines: CallDeadlines,
  work: (connection: ServerConnection) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let connection: ServerConnection | undefined
    let late: DatabaseUnavailableError | undefined
    const end = deadlines.begin(() => {
      late = lateError(driver.place, connection !== undefined)
      reject(late)
      connection?.discard()
    })
    const lent = driver.lend((given) => {
      if (late !== undefined) throw late
      connection = given
      return work(given)
    })
    lent.finally(end).then(resolve, reject)
  })
}

function lateError(place: string, hasBegun: boolean): DatabaseUnavailableError {
  return new DatabaseUnavailableError(
    hasBegun
      ? `${place} did not answer in time, and it is unknown whether the statement was done; try again`
      : `${place}: there was no connection in time, and nothing was done; make the pool larger or see that the server answers, then try again`,
  )
}
