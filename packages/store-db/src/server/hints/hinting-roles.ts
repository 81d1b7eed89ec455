import type { Hint } from '@escapement/core'
import type { StoreRoles } from '../server-roles.ts'

/** Who tells of changes. */
export interface Announcer {
  /** Tells all instances. */
  everywhere(namespace: string, hint: Hint): void
  /** Tells this process. */
  here(namespace: string, hint: Hint): void
}

/** Roles that announce what they have committed to whoever may have to act. */
export function hintingRoles(roles: StoreRoles, announcer: Announcer): StoreRoles {
  const toAll = <Result>(namespace: string, result: Result): Result => {
    announcer.everywhere(namespace, 'work')
    return result
  }
  return {
    ...roles,
    plan: async (namespace, entries) => toAll(namespace, await roles.plan(namespace, entries)),
    backfill: async (namespace, request) => toAll(namespace, await roles.backfill(namespace, request)),
    retry: async (namespace, id, newId, by) => toAll(namespace, await roles.retry(namespace, id, newId, by)),
    handBack: async (namespace, executions) => toAll(namespace, await roles.handBack(namespace, executions)),
    setPauses: async (namespace, target, expected, pauses) =>
      toAll(namespace, await roles.setPauses(namespace, target, expected, pauses)),
    changeDefinitions: async (namespace, changes) =>
      toAll(namespace, await roles.changeDefinitions(namespace, changes)),
    async recover(namespace, limit) {
      const recovered = await roles.recover(namespace, limit)
      return recovered.length === 0 ? recovered : toAll(namespace, recovered)
    },
    async settle(namespace, settlements) {
      const results = await roles.settle(namespace, settlements)
      // What an instance has ended makes room for what it can run itself: the others need not look.
      announcer.here(namespace, 'work')
      return results
    },
    async cancel(namespace, id, by) {
      const result = await roles.cancel(namespace, id, by)
      if (result === 'requested') announcer.everywhere(namespace, 'cancel')
      else announcer.here(namespace, 'work')
      return result
    },
    async enqueue(namespace, executions, transaction) {
      const results = await roles.enqueue(namespace, executions, transaction)
      return transaction === undefined ? toAll(namespace, results) : results
    },
  }
}
