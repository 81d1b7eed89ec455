import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { JobStore } from '@escapement/core'
import { overriddenStore } from './overridden-store.ts'
import type { SoakHistory } from './soak-history.ts'

/** Where a process can be made to kill itself. */
export const KILL_POINTS = [
  'due-not-planned',
  'planned-not-claimed',
  'claimed-not-started',
  'done-not-settled',
] as const

export type KillPoint = (typeof KILL_POINTS)[number]

/** A store that keeps the scheduler at a named point, the next time that it gets there, until its process is to die. */
export interface KillPointStore {
  readonly store: JobStore
  /**
   * Of all processes that are armed with the same marker only the first one that gets there will die.
   *
   * @param marker - A file that does not exist; it will hold the process id of the one that dies.
   */
  arm(point: KillPoint, marker: string): void
  /** Kills the process once it is at its point. */
  die(): void
  /** Whether the process is the one that dies: nothing else is to happen to it. */
  isDying(): boolean
}

/** The file that says that whoever is named in a marker is at its point. */
export function readyMarker(marker: string): string {
  return `${marker}.ready`
}

/** Wraps the store of a process that may die; what it sends before its death has its effect, what comes after has none. */
export function killPointStore(store: JobStore, history: SoakHistory): KillPointStore {
  const armed = new Map<KillPoint, string>()
  const told = Promise.withResolvers<void>()
  let deathbed: string | undefined

  const isChosen = (point: KillPoint): boolean => {
    const marker = armed.get(point)
    if (marker === undefined || deathbed !== undefined) return false
    armed.delete(point)
    try {
      writeFileSync(marker, String(process.pid), { flag: 'wx' })
      deathbed = marker
      return true
    } catch {
      return false // another process was there first
    }
  }
  const die = async (point: KillPoint): Promise<void> => {
    writeFileSync(readyMarker(deathbed ?? ''), '')
    await told.promise
    history.note({ kind: 'died-at', at: Date.now(), point })
    process.kill(process.pid, 'SIGKILL')
    await new Promise(() => undefined) // the signal may take a turn
  }

  const wrapped: Pick<JobStore, 'plan' | 'claim' | 'settle'> = {
    async plan(namespace, entries) {
      const ticks = entries.flatMap(({ executions }) => executions.map(({ scheduledFor }) => scheduledFor ?? 0))
      if (ticks.length === 0) return await store.plan(namespace, entries)
      if (isChosen('due-not-planned')) {
        await sleep(Math.max(0, Math.min(...ticks) - Date.now()))
        await die('due-not-planned')
      }
      const results = await store.plan(namespace, entries)
      if (isChosen('planned-not-claimed')) await die('planned-not-claimed')
      return results
    },
    async claim(namespace, request) {
      const result = await store.claim(namespace, request)
      if (result.executions.length > 0 && isChosen('claimed-not-started')) await die('claimed-not-started')
      return result
    },
    async settle(namespace, settlements) {
      if (isChosen('done-not-settled')) await die('done-not-settled')
      return await store.settle(namespace, settlements)
    },
  }
  return {
    store: overriddenStore(store, wrapped),
    arm: (point, marker) => {
      armed.set(point, marker)
    },
    die: () => told.resolve(),
    isDying: () => deathbed !== undefined,
  }
}
