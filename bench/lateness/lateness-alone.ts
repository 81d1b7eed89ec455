import { setTimeout as sleep } from 'node:timers/promises'
import { createScheduler, defineJob, every, type JobStore } from '@escapement/core'
import { Cron } from 'croner'
import { schedule } from 'node-cron'
import { floorStore } from '../harness/floor-store.ts'

/** How late handlers began in one process, milliseconds, over `seconds` after a warm-up. */
export type LatenessAlone = (jobs: number, seconds: number) => Promise<readonly number[]>

const WARM_UP_MS = 2_500

/** Escapement in one process, on any store. */
export function schedulerAlone(makeStore: () => JobStore): LatenessAlone {
  return async (jobs, seconds) => {
    const watch = new Watch()
    const run = (): null => watch.note()
    const definitions = Array.from({ length: jobs }, (_, n) =>
      defineJob({ name: `bench.tick-${n}`, trigger: every('1s'), overlap: 'allow', run }),
    )
    const store = makeStore()
    const scheduler = createScheduler({ jobs: definitions, store })
    await scheduler.start()
    const late = await watch.over(seconds)
    await scheduler.stop()
    await store.close()
    return late
  }
}

/** The least on SQLite: a timer for the full second, one statement that claims what is due, and its commit. */
export function floorAlone(path: string): LatenessAlone {
  return async (jobs, seconds) => {
    const watch = new Watch()
    using store = await floorStore(path, 'bench.tick')
    const end = new AbortController()
    const run = async (): Promise<void> => {
      for (let second = Math.ceil(Date.now() / 1_000) * 1_000; !end.signal.aborted; second += 1_000) {
        store.transact(() => {
          for (let n = 0; n < jobs; n++) store.insert(second, '{}')
        })
        await sleep(second - Date.now())
        while (Date.now() < second) await sleep(1)
        const claimed = store.transact(() => store.claim(Date.now(), jobs))
        await Promise.all(claimed.map(async () => watch.note()))
        store.transact(() => store.settle(claimed, Date.now(), 'all'))
      }
    }
    const running = run()
    const late = await watch.over(seconds)
    end.abort()
    await running
    return late
  }
}

/** croner: timers in this process, nothing is kept. */
export const cronerAlone: LatenessAlone = async (jobs, seconds) => {
  const watch = new Watch()
  const timers = Array.from({ length: jobs }, () => new Cron('* * * * * *', () => void watch.note()))
  const late = await watch.over(seconds)
  for (const timer of timers) timer.stop()
  return late
}

/** node-cron: timers in this process, nothing is kept. */
export const nodeCronAlone: LatenessAlone = async (jobs, seconds) => {
  const watch = new Watch()
  const tasks = Array.from({ length: jobs }, () => schedule('* * * * * *', () => void watch.note()))
  const late = await watch.over(seconds)
  await Promise.all(tasks.map(async (task) => await task.destroy()))
  return late
}

/** Notes how far behind the full second something happens. */
class Watch {
  #late: number[] | null = null

  note(): null {
    this.#late?.push((performance.timeOrigin + performance.now()) % 1_000)
    return null
  }

  async over(seconds: number): Promise<readonly number[]> {
    await sleep(WARM_UP_MS + 1_500 - (Date.now() % 1_000)) // begins and ends between two seconds
    this.#late = []
    await sleep(seconds * 1_000)
    return this.#late
  }
}
