import { InvalidOptionError } from '@escapement/base'
import { describeIssues } from './parse-input.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

/** What ticks carry, and what the schema makes of it. */
export interface TickInput {
  readonly payload: undefined | Record<string, never>
  readonly value: unknown
}

/**
 * The input of a job's ticks. Nobody gives them any, so it is nothing, or `{}` where the schema needs an object.
 *
 * @throws {@link InvalidOptionError} when the schema accepts neither, or answers with a promise.
 */
export function tickInputOf(schema: StandardSchemaV1 | undefined): TickInput {
  if (schema === undefined) return { payload: undefined, value: undefined }
  const ofNothing = validateNow(schema, undefined)
  if (ofNothing.issues === undefined) return { payload: undefined, value: ofNothing.value }
  const ofEmpty = validateNow(schema, {})
  if (ofEmpty.issues === undefined) return { payload: {}, value: ofEmpty.value }
  throw new InvalidOptionError(
    `input schema accepts neither nothing nor {}, which is all that ticks can give it (${describeIssues(ofEmpty.issues)}); ` +
      `give its fields defaults, or leave the trigger out`,
  )
}

function validateNow(schema: StandardSchemaV1, value: unknown): Exclude<ReturnType<Validate>, Promise<unknown>> {
  const result = schema['~standard'].validate(value)
  if (!(result instanceof Promise)) return result
  result.catch(() => undefined) // refused below, whatever it would have said
  throw new InvalidOptionError(
    'input schema is asynchronous; the input of ticks is part of the definition, so it must be known at once',
  )
}

type Validate = StandardSchemaV1['~standard']['validate']
