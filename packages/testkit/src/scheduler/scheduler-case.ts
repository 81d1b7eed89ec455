import type { JobStore } from '@escapement/core'
import { VirtualCluster } from '../machine/virtual-cluster.ts'
import { type VirtualRuntime, virtualRuntime } from '../runtime/virtual-runtime.ts'

/** Makes an empty store whose server's clock is `runtime.now()`; the case opens and closes it. */
export type CreateSharedStore = (given: { readonly runtime: VirtualRuntime }) => JobStore | Promise<JobStore>

/** One claim about schedulers on a store, for any test runner. */
export interface SchedulerCase {
  readonly title: string
  /** The rules of SEMANTICS.md that it shows. */
  readonly rules: readonly number[]
  /** Rejects when the claim does not hold. */
  readonly run: (create: CreateSharedStore) => Promise<void>
}

/** Makes a case that has a cluster of its own on an empty store; its time stands while the store works. */
export function schedulerCase(
  rules: readonly number[],
  title: string,
  body: (cluster: VirtualCluster) => Promise<void>,
): SchedulerCase {
  return {
    title,
    rules,
    run: async (create) => {
      const runtime = virtualRuntime()
      const store = await create({ runtime })
      try {
        await store.open()
        await using cluster = new VirtualCluster(runtime, heldStore(store, runtime))
        await body(cluster)
      } finally {
        await store.close()
      }
    },
  }
}

/** The store, with the virtual time standing still while it works. */
function heldStore(store: JobStore, runtime: VirtualRuntime): JobStore {
  return new Proxy(store, {
    get(target, name): unknown {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      if (name === 'subscribe') return member.bind(target)
      return (...given: unknown[]) => runtime.hold(Promise.resolve(Reflect.apply(member, target, given)))
    },
  })
}
