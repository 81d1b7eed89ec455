import { InvalidOptionError } from '../error/invalid-option-error.ts'

/** Who did it. */
export interface Principal {
  readonly type: 'user' | 'service' | 'system'
  /** Unique within its type: at most 255 characters. */
  readonly id: string
  /** A name for people. */
  readonly name?: string
}

/** A principal, or its text form: `'user:42'`, `'service:billing'`, `'system:job/keys.expire'`; bare text is a user's id. */
export type PrincipalLike = Principal | string

const FORM = /^(user|service|system):(.+)$/s

/**
 * The text form of a principal, as it is stored.
 *
 * @throws {@link InvalidOptionError} when the id is empty or longer than 255 characters.
 */
export function principalText(principal: PrincipalLike): string {
  const parsed = typeof principal === 'string' ? parsePrincipal(principal) : principal
  if (!['user', 'service', 'system'].includes(parsed.type) || typeof parsed.id !== 'string' || parsed.id.length === 0) {
    throw new InvalidOptionError(
      `principal ${JSON.stringify(principal)} needs a type (user, service, system) and an id`,
    )
  }
  if (parsed.id.length > 255) {
    throw new InvalidOptionError(`principal id has ${parsed.id.length} characters; at most 255 are kept`)
  }
  return `${parsed.type}:${parsed.id}`
}

/** Reads the text form of a principal; text without a known type is the id of a user. */
export function parsePrincipal(text: string): Principal {
  const match = FORM.exec(text)
  if (match === null) return { type: 'user', id: text }
  return { type: match[1] as Principal['type'], id: match[2] as string }
}
