import { systemRuntime } from '@escapement/base'
import { type Open, openNow } from './left-behind.ts'
import { LockUsers, USERS_TTL_MS } from './lock-users.ts'
import type { OutagePlace } from './outage-place.ts'

/** The server has to serve everyone again by then. Milliseconds. */
const SERVED_WITHIN_MS = 30_000

/** What an outage has done, and left behind. */
export interface OutageReport {
  readonly before: Open
  readonly after: Open
  /** How often callers were told of each kind of error. */
  readonly errors: ReadonlyMap<string, number>
  /** From the server's return until everyone had been granted something again. Milliseconds. */
  readonly servedAfterMs: number
  /** What must not be. */
  readonly findings: readonly string[]
}

/** Stops the server for `downMs` while everyone goes on asking for locks, and starts it again. */
export async function runOutage(place: OutagePlace, downMs: number): Promise<OutageReport> {
  const findings: string[] = []
  const onUnhandled = (reason: unknown): void => void findings.push(`nobody handled: ${String(reason)}`)
  process.on('unhandledRejection', onUnhandled).on('uncaughtException', onUnhandled)
  const users = new LockUsers(place.mutex)
  await users.once()
  const before = await openNow(place)
  const over = new AbortController()
  const busy = users.until(over.signal)
  await systemRuntime.sleep(USERS_TTL_MS)
  await place.server.restart('orderly', () => systemRuntime.sleep(downMs))
  const servedAfterMs = await servedAfter(users)
  if (!users.isEachGranted)
    findings.push(`not everyone was granted a lock ${servedAfterMs} ms after the server's return`)
  over.abort()
  await busy
  await systemRuntime.sleep(USERS_TTL_MS)
  const after = await openNow(place, before)
  process.off('unhandledRejection', onUnhandled).off('uncaughtException', onUnhandled)
  findings.push(...users.unexpected.map((code) => `a caller was told ${code}`), ...differences(before, after))
  return { before, after, errors: users.errors, servedAfterMs, findings }
}

async function servedAfter(users: LockUsers): Promise<number> {
  const backAt = systemRuntime.monotonic()
  const passedMs = (): number => systemRuntime.monotonic() - backAt
  users.forgetGrants()
  while (!users.isEachGranted && passedMs() < SERVED_WITHIN_MS) await systemRuntime.sleep(10)
  return Math.round(passedMs())
}

function differences(before: Open, after: Open): string[] {
  return (['resources', 'connections', 'locks'] as const).flatMap((what) =>
    before[what] === after[what] ? [] : [`${what}: ${before[what]} before, ${after[what]} after`],
  )
}
