import { toJSONSchema } from 'zod'
import type { StandardSchemaV1 } from './standard-schema.ts'

const TARGET = 'draft-2020-12'

/** Standard JSON Schema 1.0, as far as it is used here. */
interface WithJsonSchema {
  readonly jsonSchema: { readonly input: (options: { readonly target: string }) => object }
}

/** JSON Schema of what a job's input may be, or null when its schema cannot say so. */
export function inputJsonSchema(schema: StandardSchemaV1 | undefined): object | null {
  if (schema === undefined) return null
  try {
    const standard = schema['~standard']
    if (offersJsonSchema(standard)) return standard.jsonSchema.input({ target: TARGET })
    return isZod4(schema) ? toJSONSchema(schema, { target: TARGET, io: 'input' }) : null
  } catch {
    return null // it holds what JSON Schema has no word for
  }
}

function offersJsonSchema(standard: object): standard is WithJsonSchema {
  return typeof (standard as Partial<WithJsonSchema>).jsonSchema?.input === 'function'
}

function isZod4(schema: object): schema is Parameters<typeof toJSONSchema>[0] {
  return '_zod' in schema
}
