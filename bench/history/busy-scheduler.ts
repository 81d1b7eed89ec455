import { setTimeout as sleep } from 'node:timers/promises'
import { createScheduler, defineJob } from '@escapement/core'
import { openSqlite } from '@escapement/db'
import { dbStore } from '@escapement/store-db'
import { type LoopBlocks, watchLoop } from '../harness/loop-block.ts'

/** What runs for the first time is compiled meanwhile, which is no work of the store's. Milliseconds. */
const WARM_UP_MS = 1_000

/** What goes on while the event loop is watched. */
export interface Load {
  readonly claims: boolean
  readonly purges: boolean
  readonly pages: boolean
}

/** How long the event loop stood still. Milliseconds. */
export interface Blocks extends LoopBlocks {
  /** The longest transaction without its commit, as the handle measured it since it was opened. */
  readonly longestBodyMs: number
  /** The longest commit: the fsync. */
  readonly longestCommitMs: number
  /** The longest read on the event loop. */
  readonly longestReadMs: number
  /** What was done: executions, purged rows, pages. */
  readonly done: { readonly executions: number; readonly purged: number; readonly pages: number }
}

/** Runs a scheduler on a file with a long history under `load` for some seconds. */
export async function underLoad(path: string, load: Load, seconds: number): Promise<Blocks> {
  const database = openSqlite({ file: path })
  const store = dbStore(database)
  const job = defineJob({ name: 'bench.no-op', overlap: 'allow', run: () => null })
  const scheduler = createScheduler({ jobs: [job], store })
  let executions = 0
  scheduler.on('execution:succeeded', () => executions++)
  await scheduler.start()
  await sleep(500)
  const until = performance.now() + WARM_UP_MS + seconds * 1_000
  const isOn = (): boolean => performance.now() < until
  let purged = 0
  let pages = 0
  const claim = async (): Promise<void> => {
    while (isOn()) {
      await scheduler.enqueueMany(
        job.name,
        Array.from({ length: 50 }, (_, n) => ({ n })),
      )
      await sleep(20)
    }
  }
  const purge = async (): Promise<void> => {
    while (isOn()) purged += await store.purge('default', Date.now() - 86_400_000, 500)
  }
  const page = async (): Promise<void> => {
    while (isOn()) {
      await scheduler.executions({ to: Math.floor(Date.now() - Math.random() * 30 * 86_400_000) }, { limit: 50 })
      pages++
    }
  }
  const warm = async (): Promise<() => LoopBlocks> => {
    await sleep(WARM_UP_MS)
    return watchLoop(() => database.statistics().commitMs)
  }
  const [endWatch] = await Promise.all([
    warm(),
    ...(load.claims ? [claim()] : []),
    ...(load.purges ? [purge()] : []),
    ...(load.pages ? [page()] : []),
  ])
  const blocks = endWatch()
  const after = database.statistics()
  await scheduler.stop()
  await store.close()
  await database.close()
  return {
    ...blocks,
    longestBodyMs: after.longestBodyMs,
    longestCommitMs: after.longestCommitMs,
    longestReadMs: after.longestReadMs,
    done: { executions, purged, pages },
  }
}
