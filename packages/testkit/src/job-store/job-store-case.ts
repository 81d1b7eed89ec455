import type { Runtime } from '@escapement/base'
import type { JobStore } from '@escapement/core'
import { virtualRuntime } from '../runtime/virtual-runtime.ts'
import { StoreStage } from './store-stage.ts'

/** Makes an empty store whose server's clock is `runtime.now()`; the case opens and closes it. */
export type CreateJobStore = (given: { readonly runtime: Runtime }) => JobStore | Promise<JobStore>

/** One claim of the contract, for any test runner. */
export interface JobStoreCase {
  readonly title: string
  /** The rules of SEMANTICS.md that it shows. */
  readonly rules: readonly number[]
  /** Rejects when the claim does not hold. */
  readonly run: (create: CreateJobStore) => Promise<void>
}

/** Makes a case that has an empty store of its own. */
export function storeCase(
  rules: readonly number[],
  title: string,
  body: (stage: StoreStage) => Promise<void>,
): JobStoreCase {
  return {
    title,
    rules,
    run: async (create) => {
      const runtime = virtualRuntime()
      const store = await create({ runtime })
      try {
        await store.open()
        await body(new StoreStage(store, runtime))
      } finally {
        await store.close()
      }
    },
  }
}
