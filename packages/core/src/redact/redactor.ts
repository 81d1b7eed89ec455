import type { ErrorRecord } from '../store/execution.ts'
import { type PathState, RedactPaths } from './redact-path.ts'

/** What stands in the place of a hidden value. */
const REDACTED = '[redacted]'

/** Shorter values are no secrets: hiding each `1` or `ok` in a message would only make it unreadable. */
const SHORTEST_SECRET = 4

/** Whoever nests deeper than this gets the rest hidden: a walk must not end the stack. */
const DEEPEST = 500

/** Hides the values at given paths before they are stored or shown (rule 30). Never changes what it is given. */
export interface Redactor {
  /** JSON text with the values at the paths, and all of `secrets`, hidden. Text that is not JSON is hidden as a whole. */
  json(text: string | null, secrets?: readonly string[]): string | null
  /**
   * The value as JSON would write it, with the values at the paths, and all of `secrets`, hidden. Parts that hold
   * nothing to hide are the same objects; where a walked part contains itself stands `[circular]`.
   */
  value(value: unknown, secrets?: readonly string[]): unknown
  /**
   * The text and numbers at the paths and below them, at least 4 characters long, longest first, each also as it looks
   * inside JSON text and in a URL: what must not show up in messages either.
   */
  secretsOf(value: unknown): readonly string[]
  /** Text without `secrets`, as {@link secretsOf} gave them. */
  scrub(text: string, secrets: readonly string[]): string
  /** An error without `secrets`: name, message, stack, code and causes. */
  error(record: ErrorRecord, secrets: readonly string[]): ErrorRecord
}

/**
 * @param paths - Keys joined by dots from the top: `card.number`; an array's index is a key; `*` stands for one key,
 *   `**` for any number of keys, as in `**.password`. A key that contains a dot is reached by `*` only.
 * @throws {@link InvalidOptionError} for a path that is none.
 */
export function createRedactor(paths: readonly string[]): Redactor {
  if (paths.length === 0) return NOTHING_TO_HIDE
  const compiled = new RedactPaths(paths)
  const value: Redactor['value'] = (given, secrets = []) =>
    hide(secrets, given, '', compiled.start(), new Set<object>())
  return Object.freeze({
    json: (text, secrets) => redactJson(text, (parsed) => value(parsed, secrets)),
    value,
    secretsOf: (given) => secretsOf(compiled, given),
    scrub,
    error: scrubError,
  } satisfies Redactor)
}

const NOTHING_TO_HIDE: Redactor = Object.freeze({
  json: (text) => text,
  value: (value) => value,
  secretsOf: () => [],
  scrub,
  error: scrubError,
} satisfies Redactor)

function redactJson(text: string | null, redact: (parsed: unknown) => unknown): string | null {
  if (text === null) return null
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return JSON.stringify(REDACTED)
  }
  const redacted = redact(parsed)
  return redacted === parsed ? text : JSON.stringify(redacted)
}

function hide(
  secrets: readonly string[],
  given: unknown,
  key: string,
  state: PathState,
  parents: Set<object>,
): unknown {
  if (state.isMatch) return given === undefined ? undefined : REDACTED
  if (state.isDead && secrets.length === 0) return given
  const value = asJsonSees(given, key)
  if (typeof value !== 'object' || value === null) return hideLeaf(value, secrets)
  if (parents.has(value)) return '[circular]'
  if (parents.size >= DEEPEST) return REDACTED
  parents.add(value)
  let isChanged = value !== given
  const entries = Object.entries(value).map(([name, child]: [string, unknown]): [string, unknown] => {
    const shownName = scrub(name, secrets)
    const shown = hide(secrets, child, name, state.step(name), parents)
    isChanged ||= shown !== child || shownName !== name
    return [shownName, shown]
  })
  parents.delete(value)
  if (!isChanged) return value
  // Unlike an assignment, `fromEntries` makes `__proto__` a key like any other.
  return Array.isArray(value) ? entries.map(([, child]) => child) : Object.fromEntries(entries)
}

function asJsonSees(given: unknown, key: string): unknown {
  if (typeof given !== 'object' || given === null) return given
  const { toJSON } = given as { toJSON?: unknown }
  return typeof toJSON === 'function' ? (toJSON as (key: string) => unknown).call(given, key) : given
}

function hideLeaf(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return scrub(value, secrets)
  if (typeof value !== 'number' && typeof value !== 'bigint') return value
  const text = String(value)
  return scrub(text, secrets) === text ? value : REDACTED
}

function secretsOf(paths: RedactPaths, given: unknown): readonly string[] {
  const secrets = new Set<string>()
  const seen = new Map<object, Set<string>>()
  // A null state: at or below a path, where everything is secret.
  const open: { value: unknown; key: string; state: PathState | null }[] = [
    { value: given, key: '', state: paths.start() },
  ]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.state?.isDead === true) continue
    const state = next.state?.isMatch === true ? null : next.state
    const value = asJsonSees(next.value, next.key)
    if (typeof value === 'object' && value !== null) {
      if (!isFirstVisit(seen, value, state?.name ?? 'secret')) continue
      for (const [key, child] of Object.entries(value) as [string, unknown][]) {
        open.push({ value: child, key, state: state === null ? null : state.step(key) })
      }
    } else if (state === null && ['string', 'number', 'bigint'].includes(typeof value)) {
      for (const form of formsOf(String(value))) secrets.add(form)
    }
  }
  // Longest first, so that no secret is left half by another that is a part of it.
  return [...secrets].toSorted((a, b) => b.length - a.length)
}

function isFirstVisit(seen: Map<object, Set<string>>, value: object, how: string): boolean {
  const visits = seen.get(value) ?? new Set<string>()
  if (visits.has(how)) return false
  seen.set(value, visits.add(how))
  return true
}

function formsOf(secret: string): readonly string[] {
  if (secret.length < SHORTEST_SECRET) return []
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed())]
}

function scrub(text: string, secrets: readonly string[]): string {
  let shown = text
  for (const secret of secrets) shown = shown.replaceAll(secret, REDACTED)
  return shown
}

function scrubError(record: ErrorRecord, secrets: readonly string[]): ErrorRecord {
  if (secrets.length === 0) return record
  const { name, message, stack, code, cause } = record
  return {
    name: scrub(name, secrets),
    message: scrub(message, secrets),
    ...(stack !== undefined && { stack: scrub(stack, secrets) }),
    ...(code !== undefined && { code: scrub(code, secrets) }),
    ...(cause !== undefined && { cause: scrubError(cause, secrets) }),
  }
}
