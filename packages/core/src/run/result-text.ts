import { InvalidResultError } from '../error/invalid-result-error.ts'

/** The largest result that is stored, in UTF-8 bytes of JSON. */
const LARGEST_RESULT_BYTES = 1_048_576

/**
 * A handler's result as JSON text; null for undefined.
 *
 * @throws {@link InvalidResultError} when it is not JSON (a cycle, a BigInt) or too large.
 */
export function resultText(job: string, result: unknown): string | null {
  if (result === undefined) return null
  let text: string | undefined
  try {
    text = JSON.stringify(result)
  } catch (cause) {
    throw new InvalidResultError(`Job "${job}": its result cannot be stored as JSON; return plain data or nothing`, {
      cause,
    })
  }
  if (text === undefined) {
    throw new InvalidResultError(`Job "${job}": its result is a ${typeof result}; return plain data or nothing`)
  }
  const sizeBytes = Buffer.byteLength(text)
  if (sizeBytes <= LARGEST_RESULT_BYTES) return text
  throw new InvalidResultError(
    `Job "${job}": its result has ${sizeBytes} bytes of JSON; at most ${LARGEST_RESULT_BYTES} are stored. Keep it elsewhere and return where`,
  )
}
