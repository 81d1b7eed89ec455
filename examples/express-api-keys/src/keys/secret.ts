import { createHash, randomBytes } from 'node:crypto'

/** A new secret: 256 random bits behind a prefix that scanners for leaked secrets can look for. */
export function newSecret(prefix: 'sk' | 'session'): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`
}

/**
 * What is stored in place of a secret. A plain SHA-256 is enough, and fast, because the secrets are random; words that
 * people choose would need scrypt.
 */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
