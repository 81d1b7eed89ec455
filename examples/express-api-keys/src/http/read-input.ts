import type { z } from 'zod'
import { HttpError } from './http-error.ts'

/** Checks what a client sent. @throws {@link HttpError} 422 that lists what is wrong. */
export function readInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const result = schema.safeParse(value ?? {})
  if (result.success) return result.data
  throw new HttpError(
    422,
    result.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; '),
  )
}
