import { writeSync } from 'node:fs'
import { EscapementError, systemRuntime } from '@escapement/base'
import { type Lease, LockTimeoutError, type MutexManager } from '@escapement/core'
import type { HistoryEvent } from '../history/history-event.ts'
import { type ContendSettings, contendSettings } from './contend-settings.ts'
import { sharedNow } from './shared-clock.ts'

/** What a contender tells the process that started it, one JSON line each. */
export type ContenderMessage = { readonly type: 'ready' } | HistoryEvent

/** With what a process contends. */
export interface Contending {
  readonly mutex: MutexManager
  /**
   * Writes to a resource that the fence guards. Called after each lease, also when that was lost: which is what the guard
   * is for. Answers the place of the write among those of the key, null: refused. When it rejects, what became of the write is
   * unknown: excused while something happens to the server, and at no other time.
   */
  readonly write: (lease: Lease) => Promise<number | null>
}

/** How long a key is waited for. Longer than a server is away. Milliseconds. */
const WAIT_MS = 20_000
/** How long nobody asks again who was refused by an error. Milliseconds. */
const PAUSE_MS = 20
/** How often a holder looks at its lease. Milliseconds. */
const LOOK_EVERY_MS = 5

/**
 * Contends for the keys of a contest until the process is killed, and notes what it relies on: what the script of a
 * {@link ContestPlan} calls. Rejects with what no contest excuses: an error that is not of Escapement or says that asking again
 * cannot help.
 *
 * @example
 * const mutex = myMutex(process.argv[2])
 * await contend({ mutex, write: async ({ key, fence }) => writeGuarded(key, fence) })
 */
export async function contend(contending: Contending): Promise<never> {
  const settings = contendSettings()
  // Nobody would end it any more whose parent is gone, however that ended.
  process.stdin.once('close', () => process.exit()).resume()
  say({ type: 'ready' })
  for (;;) {
    try {
      await round(contending, settings)
    } catch (error) {
      if (!EscapementError.is(error) || !error.retryable) throw error
      await systemRuntime.sleep(PAUSE_MS)
    }
  }
}

async function round({ mutex, write }: Contending, { keys, ttlMs, holdMs }: ContendSettings): Promise<void> {
  const key = keys[Math.floor(systemRuntime.random() * keys.length)] ?? ''
  const askedAt = sharedNow()
  const lease = await mutex.acquire(key, { ttl: ttlMs, wait: WAIT_MS }).catch((error: unknown) => {
    if (error instanceof LockTimeoutError) say({ type: 'refused', key, askedAt, at: sharedNow() })
    throw error
  })
  const { owner, fence } = lease
  const at = sharedNow()
  if (lease.remainingMs() === 0) return
  say({ type: 'granted', key, owner, fence: String(fence), askedAt, at })
  await hold(lease, holdMs * (0.5 + systemRuntime.random()))
  const from = sharedNow()
  const written = await write(lease).then(
    (place) => ({ type: 'written', place }) as const,
    (error: unknown) => ({ type: 'write-failed', from, problem: String(error) }) as const,
  )
  const writtenAt = sharedNow()
  if (lease.remainingMs() > 0) say({ type: 'held', key, owner, at: writtenAt }) // a write may have to wait for its server
  say({ ...written, key, fence: String(fence), at: writtenAt })
  if ((await lease.release()) === 'released') say({ type: 'released', key, owner, at: writtenAt })
}

/** Relies on a lease for `ms` unless it ends before; half of the holders ask it, and half only listen to its signal. */
async function hold(lease: Lease, ms: number): Promise<void> {
  const { key, owner, signal } = lease
  const asks = systemRuntime.random() < 0.5
  for (const startedAt = sharedNow(); ; ) {
    const at = sharedNow()
    if (at - startedAt >= ms) return
    if (asks && lease.remainingMs() === 0) return
    if (asks) say({ type: 'held', key, owner, at })
    // All timers that were due before, that of the signal among them, have had their turn when this one has.
    await systemRuntime.sleep(LOOK_EVERY_MS)
    if (!asks && signal.aborted) return
    if (!asks) say({ type: 'unsignalled', key, owner, at })
  }
}

/** Synchronously: a process that is killed right after has said it. */
function say(message: ContenderMessage): void {
  writeSync(1, `${JSON.stringify(message)}\n`)
}
