import type { Hint } from '@escapement/core'
import type { Foresight } from '../claiming/foresight.ts'
import type { StoreRoles } from '../server-roles.ts'

/** Who tells of changes. */
export interface Announcer {
  /** Tells all instances. */
  everywhere(namespace: string, hint: Hint): void
  /** Tells this process. */
  here(namespace: string, hint: Hint): void
}

/** Roles that announce what they have committed to whoever may have to act, and to the claims of this process first. */
export function hintingRoles(roles: StoreRoles, announcer: Announcer, foresight: Foresight): StoreRoles {
  const everywhere = (namespace: string, hint: Hint): void => {
    foresight.forget(namespace)
    announcer.everywhere(namespace, hint)
  }
  const here = (namespace: string): void => {
    foresight.forget(namespace)
    announcer.here(namespace, 'work')
  }
  const toAll = <Result>(namespace: string, result: Result): Result => {
    everywhere(namespace, 'work')
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
    async heartbeat(namespace, request) {
      const result = await roles.heartbeat(namespace, request)
      foresight.forget(namespace) // it may have taken back what fell due long ago
      return result
    },
    async recover(namespace, limit) {
      const recovered = await roles.recover(namespace, limit)
      return recovered.length === 0 ? recovered : toAll(namespace, recovered)
    },
    async settle(namespace, settlements) {
      const results = await roles.settle(namespace, settlements)
      // What an instance has ended makes room for what it can run itself: the others need not look.
      here(namespace)
      return results
    },
    async cancel(namespace, id, by) {
      const result = await roles.cancel(namespace, id, by)
      if (result === 'requested') everywhere(namespace, 'cancel')
      else here(namespace)
      return result
    },
    async enqueue(namespace, executions, transaction) {
      const results = await roles.enqueue(namespace, executions, transaction)
      if (transaction !== undefined) return results
      foresight.enqueued(namespace, executions)
      announcer.everywhere(namespace, 'work')
      return results
    },
  }
}
