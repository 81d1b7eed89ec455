import { EscapementError } from '@escapement/base'
import { EtcdUnavailableError } from './etcd-unavailable-error.ts'
import { EtcdUnusableError } from './etcd-unusable-error.ts'

/** What the words of etcd and its client mean, and the way out. */
const FAULTS: readonly (readonly [words: RegExp, isUnusable: boolean, advice: string])[] = [
  [/authentication failed|user name is empty|user name not found/, true, 'check the user name and the password'],
  [/permission denied/i, true, 'grant the user a role that may read and write the keys that begin with the prefix'],
  [/UNIMPLEMENTED|unknown service|unknown method/, true, 'etcd 3.3 or later is needed'],
  [/too many operations/, true, 'let a transaction have 128 operations: --max-txn-ops'],
  [/already closed/, true, 'make another client, and close the mutex before the client'],
  [/database space exceeded/, false, 'compact and defragment it, raise its quota, then disarm the alarm'],
  [/no leader|leader changed|not healthy/, false, 'too few of its members are up or in touch'],
  [/circuit breaker/, false, 'the client holds calls back for some seconds after failures: see its faultHandling'],
]

/** An error of the client or of the server as one of ours; ours are passed through. */
export function etcdError(cause: unknown): EscapementError {
  if (EscapementError.is(cause)) return cause
  const problem = cause instanceof Error ? cause.message : String(cause)
  const [, isUnusable, advice] = FAULTS.find(([words]) => words.test(problem)) ?? [
    undefined,
    false,
    'whether it did what was asked is unknown: ask again',
  ]
  const message = `etcd: ${problem}; ${advice}`
  return isUnusable ? new EtcdUnusableError(message, { cause }) : new EtcdUnavailableError(message, { cause })
}
