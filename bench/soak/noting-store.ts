import type { JobStore } from '@escapement/core'
import { overriddenStore } from './overridden-store.ts'
import type { SoakHistory } from './soak-history.ts'

/**
 * The store, noting what it grants: executions, and leases, these counted as the holder counts them, from before they
 * were asked for.
 */
export function notingStore(store: JobStore, history: SoakHistory): JobStore {
  return overriddenStore(store, {
    async registerInstance(namespace, instance) {
      const at = Date.now()
      const answer = await store.registerInstance(namespace, instance)
      if (answer.isAlive) history.note({ kind: 'lease', at, instance: instance.id, until: at + instance.leaseMs })
      return answer
    },
    async claim(namespace, request) {
      const answer = await store.claim(namespace, request)
      const { instance } = request
      for (const { id: execution, job, scheduledFor: tick, fence } of answer.executions) {
        history.note({ kind: 'claimed', at: Date.now(), execution, job, tick, instance, fence: String(fence) })
      }
      return answer
    },
    async heartbeat(namespace, request) {
      const at = Date.now()
      const answer = await store.heartbeat(namespace, request)
      if (answer.isAlive) history.note({ kind: 'lease', at, instance: request.instance, until: at + request.leaseMs })
      return answer
    },
  })
}
