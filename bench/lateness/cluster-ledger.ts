import { createScheduler, type Execution } from '@escapement/core'
import { openPlace, type StorePlace } from '../harness/store-place.ts'

const PAGE = 500

/** What a cluster's store says of its ticks, read by the public calls. */
export interface ClusterLedger extends AsyncDisposable {
  /** Executions of ticks in [from, to). */
  executions(from: number, to: number): Promise<readonly Execution[]>
  /** How many attempts of an execution ended with the instance that made them. */
  interrupted(id: string): Promise<number>
}

/** Opens it beside the instances; it plans and runs nothing. */
export async function clusterLedger(place: StorePlace): Promise<ClusterLedger> {
  const placed = openPlace(place)
  const scheduler = createScheduler({ jobs: [], store: placed.store })
  await placed.store.open()
  return {
    executions: async (from, to) => {
      const found: Execution[] = []
      for (let cursor: string | null = null; ; ) {
        const page = await scheduler.executions({ from, to, origins: ['tick'] }, { limit: PAGE, cursor })
        found.push(...page.items)
        if (page.next === null) return found
        cursor = page.next
      }
    },
    interrupted: async (id) => {
      const { attempts = [] } = (await scheduler.execution(id)) ?? {}
      return attempts.filter(({ outcome }) => outcome === 'interrupted').length
    },
    [Symbol.asyncDispose]: async () => {
      await scheduler.stop()
      await placed[Symbol.asyncDispose]()
    },
  }
}
