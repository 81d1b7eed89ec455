import { AssertionError } from 'node:assert/strict'
import { inspect } from 'node:util'

const LONGEST = 90

/** Why a case failed, in one line. */
export function failureText(error: unknown): string {
  if (!(error instanceof AssertionError)) return oneLine(error instanceof Error ? error.message : String(error))
  const { operator, actual, expected, message, generatedMessage } = error
  if (message.startsWith('Missing expected rejection')) return 'it did not reject'
  if (!generatedMessage) return oneLine(message.split('\n')[0] ?? '') // without the difference that follows
  if (operator === '==') return `does not hold: ${oneLine(message.slice(message.indexOf('assert.ok') + 9))}`
  return `expected ${shown(expected)}, got ${shown(actual)}`
}

function shown(value: unknown): string {
  return oneLine(inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY }).split(' at ')[0] ?? '')
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line
}
