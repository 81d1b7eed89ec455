import { StoreIncompatibleError, StoreUnavailableError } from '@escapement/core'
import { DatabaseConflictError, DatabaseUnavailableError, SchemaIncompatibleError } from '@escapement/db'

/** An error of the database as the port promises it; anything else is passed through. */
export function storeError(error: unknown): unknown {
  // Conflicts were tried again for long: the server is too busy.
  if (error instanceof DatabaseUnavailableError || error instanceof DatabaseConflictError)
    return new StoreUnavailableError(error.message, { cause: error })
  if (error instanceof SchemaIncompatibleError) return new StoreIncompatibleError(error.message, { cause: error })
  return error
}
