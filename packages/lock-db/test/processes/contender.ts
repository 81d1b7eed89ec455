import { silentLogger } from '@escapement/testkit'
/**
 * Contends for two keys of a database until it is killed and writes one JSON line per event to its output. `at` is the machine's
 * monotonic clock in milliseconds, which all processes share; it is read before the lease is asked whether it is held,
 * so that a process that is stopped in between claims nothing.
 */
import { writeSync } from 'node:fs'
import { EscapementError, systemRuntime } from '@escapement/base'
import { dbMutex } from '@escapement/lock-db'
import { openContended } from './contended-database.ts'

export type HistoryEvent =
  /** The lease was handed out and relied on from `at`. */
  | { readonly type: 'granted'; readonly key: string; readonly fence: string; readonly at: number }
  /** It was relied on until `at`. */
  | { readonly type: 'ended'; readonly key: string; readonly fence: string; readonly at: number }
  /** A write guarded by the fence; `seq` is its place among the writes of the key, null: refused. */
  | { readonly type: 'write'; readonly key: string; readonly fence: string; readonly seq: number | null }

const [, , place = '', ttlText = '', holdText = ''] = process.argv
const ttlMs = Number(ttlText)
const holdMs = Number(holdText)
const database = openContended(place)
const mutex = dbMutex(database.locks, { logger: silentLogger })
const now = (): number => Number(process.hrtime.bigint()) / 1e6
const say = (event: HistoryEvent): void => void writeSync(1, `${JSON.stringify(event)}\n`)

async function round(key: string): Promise<void> {
  const lease = await mutex.acquire(key, { ttl: ttlMs, wait: '5s' })
  const fence = String(lease.fence)
  let at = now()
  if (lease.remainingMs() === 0) return
  say({ type: 'granted', key, fence, at })
  const endAt = at + holdMs * (0.5 + systemRuntime.random())
  let trustedAt = at
  while (now() < endAt) {
    at = now()
    if (lease.remainingMs() === 0) break
    trustedAt = at
    await systemRuntime.sleep(2)
  }
  say({ type: 'ended', key, fence, at: trustedAt })
  // Also when the lease has been lost: that is what the fence is for.
  say({ type: 'write', key, fence, seq: await database.write(key, lease.fence) })
  await lease.release()
}

for (;;) {
  try {
    await round(systemRuntime.random() < 0.5 ? 'left' : 'right')
  } catch (error) {
    if (!EscapementError.is(error) || !error.retryable) throw error
  }
}
