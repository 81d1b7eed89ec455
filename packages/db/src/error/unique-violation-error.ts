import { EscapementError } from '@escapement/base'

/** A row with the same unique key is there already; the statement changed nothing. */
export class UniqueViolationError extends EscapementError {
  override readonly name: string = 'UniqueViolationError'
  readonly code = 'ERR_UNIQUE_VIOLATION'
  readonly retryable = false
  /** The name of the constraint or index as the server gives it; null when it gives none. */
  readonly constraint: string | null

  constructor(message: string, options: { readonly cause: unknown; readonly constraint: string | null }) {
    super(message, { cause: options.cause })
    this.constraint = options.constraint
  }
}
