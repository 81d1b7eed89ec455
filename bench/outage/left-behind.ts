import { readFileSync } from 'node:fs'
import { systemRuntime } from '@escapement/base'
import type { OutagePlace } from './outage-place.ts'

/** The state of an established connection in the tables of the kernel. */
const ESTABLISHED = '01'
/** Connections that are being closed, and timers of clients, end within this time. Milliseconds. */
const QUIET_WITHIN_MS = 30_000
const LOOK_EACH_MS = 500

/** What a process and its server have open for locks that nobody uses. */
export interface Open {
  /** What keeps the event loop of this process busy, by kind. */
  readonly resources: string
  /** Connections that the server has. */
  readonly connections: number
  /** Locks that somebody has at the server. */
  readonly locks: number
}

/** What is open now, once it has stayed the same for a while or is as `before`. */
export async function openNow(place: OutagePlace, before?: Open): Promise<Open> {
  const until = systemRuntime.monotonic() + QUIET_WITHIN_MS
  let last: Open | undefined
  for (;;) {
    const locks = await place.liveLocks()
    await systemRuntime.sleep(LOOK_EACH_MS)
    const now = { resources: activeResources(), connections: connectionsTo(place.port), locks }
    const [text, wanted] = [JSON.stringify(now), JSON.stringify(before ?? last)]
    if (text === wanted || systemRuntime.monotonic() > until) return now
    last = now
  }
}

function activeResources(): string {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ')
}

/** Connections of a server on this machine, from the tables of the kernel: no client has to be believed. */
function connectionsTo(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(1))
  return lines.filter((line) => {
    const [, at, , state] = line.trim().split(/\s+/)
    return at?.endsWith(local) === true && state === ESTABLISHED
  }).length
}
