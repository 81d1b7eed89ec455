const marker = Symbol.for('escapement.error')

/**
 * The base of every error that Escapement throws on purpose. `code` and `retryable` are stable across versions;
 * the message is for people and is not.
 */
export abstract class EscapementError extends Error {
  static {
    Object.defineProperty(EscapementError.prototype, marker, { value: true })
  }

  /** A stable name for programs, such as `ERR_LEASE_LOST`. */
  abstract readonly code: `ERR_${string}`
  /** Whether the same call may succeed when it is made again later. */
  abstract readonly retryable: boolean

  /** Whether `error` is an error of Escapement, also when it comes from another copy of the package. */
  static is(error: unknown): error is EscapementError {
    return typeof error === 'object' && error !== null && marker in error
  }
}
