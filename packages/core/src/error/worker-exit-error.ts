import { EscapementError } from '@escapement/base'

/** An isolated handler's worker or process ended before the handler did. */
export class WorkerExitError extends EscapementError {
  override readonly name: string = 'WorkerExitError'
  readonly code = 'ERR_WORKER_EXIT'
  readonly retryable = false
}
