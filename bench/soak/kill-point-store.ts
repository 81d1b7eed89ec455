import { setTimeout as sleep } from 'node:timers/promises'
import type { JobStore } from '@escapement/core'
import type { SoakHistory } from './soak-history.ts'

/** Where a process can be made to kill itself. */
export const KILL_POINTS = [
  'due-not-planned',
  'planned-not-claimed',
  'claimed-not-started',
  'done-not-settled',
] as const

export type KillPoint = (typeof KILL_POINTS)[number]

/** A store that kills its process at a named point, the next time that the scheduler gets there. */
export interface KillPointStore {
  readonly store: JobStore
  arm(point: KillPoint): void
}

/** The moment of each second at which most is in flight: its ticks have just started. Milliseconds. */
export const FULLEST_MS = 250

/** Wraps the store of a process that is to die; what it sends before its death has its effect, what comes after has none. */
export function killPointStore(store: JobStore, history: SoakHistory): KillPointStore {
  let armed: KillPoint | null = null
  const die = async (point: KillPoint): Promise<void> => {
    if (armed !== point) return
    await sleep((1_000 + FULLEST_MS - (Date.now() % 1_000)) % 1_000)
    history.note({ kind: 'died-at', at: Date.now(), point })
    process.kill(process.pid, 'SIGKILL')
  }

  const wrapped: Pick<JobStore, 'dueJobs' | 'plan' | 'claim' | 'settle'> = {
    // Whoever is to die while it plans plans further than the others, so that something is left for it.
    dueJobs: async (namespace, request) =>
      await store.dueJobs(namespace, {
        ...request,
        until: request.until + (armed === 'due-not-planned' || armed === 'planned-not-claimed' ? 2_000 : 0),
      }),
    async plan(namespace, entries) {
      const ticks = entries.flatMap(({ executions }) => executions.map(({ scheduledFor }) => scheduledFor ?? 0))
      if (armed === 'due-not-planned' && ticks.length > 0) {
        await sleep(Math.max(0, Math.min(...ticks) - Date.now()))
        await die('due-not-planned')
      }
      const results = await store.plan(namespace, entries)
      if (ticks.length > 0) await die('planned-not-claimed')
      return results
    },
    async claim(namespace, request) {
      const result = await store.claim(namespace, request)
      if (result.executions.length > 0) await die('claimed-not-started')
      return result
    },
    async settle(namespace, settlements) {
      await die('done-not-settled')
      return await store.settle(namespace, settlements)
    },
  }
  return {
    store: new Proxy(store, {
      get: (target, property): unknown =>
        property in wrapped ? Reflect.get(wrapped, property) : Reflect.get(target, property, target),
    }),
    arm: (point) => {
      armed = point
    },
  }
}
