import type { Lease } from '@escapement/core'
import { LockKeys } from './lock-keys.ts'

/** How {@link etcdFenceCompare} finds the lock. */
export interface FenceCompareOptions {
  /** That of the mutex. Default `escapement/`. */
  readonly prefix?: string
}

/**
 * Guards a transaction in the etcd that keeps the lock: what `client.if` of `etcd3` compares, which holds only while
 * `lease` has its lock. It names the key that was made with the grant and goes with it, and that no other grant makes again.
 *
 * @example
 * ```ts
 * const { succeeded } = await client
 *   .if(...etcdFenceCompare(lease))
 *   .then(client.put('report').value(body))
 *   .commit() // not succeeded: the lease is over, nothing was written
 * ```
 */
export function etcdFenceCompare(
  { key, owner }: Pick<Lease, 'key' | 'owner'>,
  { prefix }: FenceCompareOptions = {},
): [key: string, column: 'Create', comparator: '>', revision: number] {
  // A key that is not there was made at revision 0.
  return [new LockKeys(prefix).place(key, owner).toString(), 'Create', '>', 0]
}
