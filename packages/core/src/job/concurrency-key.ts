import { InvalidOptionError } from '@escapement/base'
import { checkStorable } from '../context/check-storable.ts'

/** Keys are columns of an index; longer ones are refused. Bytes of UTF-8. */
const LONGEST_KEY_BYTES = 255

/** Which executions of a job share a limit. */
export interface Concurrency<Input = unknown> {
  /** Derives the key from the input: executions with the same key count together. */
  readonly key: (input: Input) => string
  /** How many executions with the same key may run at once across the cluster, 1 to 10,000. */
  readonly limit: number
}

/**
 * The concurrency key of one input; null for a job without one.
 *
 * @throws {@link InvalidOptionError} when the job's function answers with anything but a short text.
 */
export function concurrencyKeyOf(concurrency: Concurrency | undefined, input: unknown): string | null {
  if (concurrency === undefined) return null
  const key: unknown = concurrency.key(input)
  if (typeof key !== 'string' || key === '' || Buffer.byteLength(key) > LONGEST_KEY_BYTES) {
    const shown = typeof key === 'string' ? `${Buffer.byteLength(key)} bytes long` : `of type ${typeof key}`
    throw new InvalidOptionError(`concurrency key is ${shown}; it must be text of 1 to ${LONGEST_KEY_BYTES} bytes`)
  }
  checkStorable('concurrency key', key)
  return key
}
