import { EscapementError } from '@escapement/base'
import { RedisUnavailableError } from './redis-unavailable-error.ts'
import { RedisUnusableError } from './redis-unusable-error.ts'

/** What the words with which Redis begins its errors mean, and the way out. */
const FAULTS: readonly (readonly [code: RegExp, isUnusable: boolean, advice: string])[] = [
  [/\b(NOAUTH|WRONGPASS|invalid password|invalid username)\b/, true, 'check the user name and the password'],
  [/\bNOPERM\b/, true, 'grant the user the commands and the keys that the README of @escapement/lock-redis names'],
  [/\b(MOVED|ASK|CROSSSLOT)\b/, true, 'the server belongs to a Cluster: pass a client that is made for Clusters'],
  [/\bWRONGTYPE\b/, true, 'something else uses a key of the locks: choose another prefix'],
  [/\b(unknown command|syntax error|not supported)\b/, true, 'Redis 6.2 or later with EVAL is needed'],
  [/\bREADONLY\b/, false, 'it is a replica: connect to the primary, and again after a failover'],
  [/\bOOM\b/, false, 'it is out of memory: free some, or raise maxmemory'],
  [/\b(LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)\b/, false, 'it is not ready yet: ask again'],
  [/\bMISCONF\b/, false, 'it cannot write to its disk: see its log'],
  [/\b(BUSY|UNKILLABLE)\b/, false, 'a script blocks it: end that'],
  [/\bNOREPLICAS\b/, false, 'too few replicas are connected to it'],
]

/** An error of a client or of the server as one of ours; ours are passed through. */
export function redisError(cause: unknown): EscapementError {
  if (EscapementError.is(cause)) return cause
  const problem = problemOf(cause)
  const [, isUnusable, advice] = FAULTS.find(([code]) => code.test(problem)) ?? [
    undefined,
    false,
    'whether it did what was asked is unknown: ask again',
  ]
  const message = `Redis: ${problem}; ${advice}`
  return isUnusable ? new RedisUnusableError(message, { cause }) : new RedisUnavailableError(message, { cause })
}

function problemOf(error: unknown): string {
  const { message, code } = error as { message?: unknown; code?: unknown }
  // An attempt at several addresses has a code and no message.
  return typeof message === 'string' && message !== '' ? message : String(code ?? error)
}
