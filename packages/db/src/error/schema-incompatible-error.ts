import { EscapementError } from '@escapement/base'

/** The tables are newer than this library can use, or have to be migrated first. Nothing was changed. */
export class SchemaIncompatibleError extends EscapementError {
  override readonly name: string = 'SchemaIncompatibleError'
  readonly code = 'ERR_SCHEMA_INCOMPATIBLE'
  readonly retryable = false
}
