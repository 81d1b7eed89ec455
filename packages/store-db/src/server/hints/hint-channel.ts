import { createHash } from 'node:crypto'

/**
 * The channel of a store's notifications. Channels belong to the database and names of them have at most 63 bytes: the
 * schema, of any length, stands in it as a digest.
 */
export function hintChannel(prefix: string, schema: string): string {
  const digest = createHash('sha256').update(schema).digest('hex').slice(0, 8)
  return `${prefix}hints_${digest}`
}
