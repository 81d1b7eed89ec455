import type { ErrorRecord } from '../store/execution.ts'

const LONGEST_MESSAGE = 8_192
const LONGEST_STACK = 16_384
const DEEPEST_CAUSE = 4

/** What a handler threw, as it is stored: whatever it was, bounded, with its causes. */
export function errorRecord(thrown: unknown, depth = 0): ErrorRecord {
  if (!(thrown instanceof Error)) {
    return {
      name: 'NonError',
      message: cut(`a value that is not an Error was thrown: ${shown(thrown)}`, LONGEST_MESSAGE),
    }
  }
  const code = (thrown as { code?: unknown }).code
  return {
    name: cut(shown(thrown.name), 200),
    message: cut(shown(thrown.message), LONGEST_MESSAGE),
    ...(typeof thrown.stack === 'string' && { stack: cut(thrown.stack, LONGEST_STACK) }),
    ...((typeof code === 'string' || typeof code === 'number') && { code: cut(String(code), 200) }),
    ...(thrown.cause !== undefined && depth < DEEPEST_CAUSE && { cause: errorRecord(thrown.cause, depth + 1) }),
  }
}

/** The text of anything: JSON where it is an object. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value)}`
  try {
    return JSON.stringify(value)
  } catch {
    return 'an object that cannot be shown'
  }
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}… (cut)` : text
}
