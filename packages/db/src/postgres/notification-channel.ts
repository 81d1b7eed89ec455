import { createHash } from 'node:crypto'

/**
 * The channel of notifications about `subject`. Channels belong to the database and names of them have at most 63 bytes:
 * the schema, of any length, stands in it as a digest.
 */
export function notificationChannel(prefix: string, subject: string, schema: string): string {
  const digest = createHash('sha256').update(schema).digest('hex').slice(0, 8)
  return `${prefix}${subject}_${digest}`
}
