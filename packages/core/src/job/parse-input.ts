import { InvalidInputError } from '../error/invalid-input-error.ts'
import type { SchemaIssue, StandardSchemaV1 } from './standard-schema.ts'

/** A message lists this many issues; a payload of a million wrong rows has as many. */
const MOST_ISSUES = 10

/**
 * Checks a payload by the job's schema. What is stored is the payload itself: the schema may turn text into a date,
 * which JSON cannot hold, so its value is made anew for each attempt.
 *
 * @param job - The job's name, for the message.
 * @param schema - Undefined: anything goes.
 * @returns What the schema made of it: defaults filled in, values transformed.
 * @throws {@link InvalidInputError} listing what is wrong, with paths.
 */
export async function parseInput(
  job: string,
  schema: StandardSchemaV1 | undefined,
  payload: unknown,
): Promise<unknown> {
  if (schema === undefined) return payload
  const result = await schema['~standard'].validate(payload)
  if (result.issues === undefined) return result.value
  throw new InvalidInputError(`Job "${job}": input ${describeIssues(result.issues)}`)
}

/** What is wrong with a value, as one line: `dryRun: expected boolean; count: expected number`. */
export function describeIssues(issues: readonly SchemaIssue[]): string {
  const lines = issues.slice(0, MOST_ISSUES).map(({ path, message }) => {
    const at = (path ?? []).map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
    return at === '' ? `is refused: ${message}` : `${at}: ${message}`
  })
  const rest = issues.length - lines.length
  return rest > 0 ? `${lines.join('; ')}; and ${rest} more` : lines.join('; ')
}
