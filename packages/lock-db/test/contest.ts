import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { systemRuntime } from '@escapement/base'
import { expect } from 'vitest'
import type { HistoryEvent } from './processes/contender.ts'

const CONTENDERS = 5
const TTL_MS = 600
const HOLD_MS = 60
const FAULTS = 8

/** Processes that contend on one database, and what they say. */
class Contest implements AsyncDisposable {
  readonly history: HistoryEvent[] = []
  readonly errors: string[] = []
  readonly #database: string
  readonly #children = new Set<ChildProcess>()
  readonly #failed = Promise.withResolvers<never>()
  #onGrant: ((child: ChildProcess) => void) | undefined

  constructor(database: string) {
    this.#database = database
    this.#failed.promise.catch(() => undefined)
    for (let index = 0; index < CONTENDERS; index++) this.start()
  }

  start(): void {
    const script = join(import.meta.dirname, 'processes', 'contender.ts')
    const child = spawn(process.execPath, [script, this.#database, String(TTL_MS), String(HOLD_MS)])
    this.#children.add(child)
    child.on('exit', (code) => {
      this.#children.delete(child)
      if (code !== null) this.#failed.reject(new Error(`a contender ended by itself: ${this.errors.join('\n')}`))
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = JSON.parse(line) as HistoryEvent
      this.history.push(event)
      if (event.type === 'granted') this.#onGrant?.(child)
    })
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (!/ExperimentalWarning|--trace-warnings/.test(line)) this.errors.push(line)
    })
  }

  /** The next process that is granted a key. */
  nextHolder(): Promise<ChildProcess> {
    const { promise, resolve } = Promise.withResolvers<ChildProcess>()
    this.#onGrant = (child) => {
      this.#onGrant = undefined
      resolve(child)
    }
    return Promise.race([promise, this.#failed.promise])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exits = [...this.#children].map((child) => new Promise((resolve) => child.once('close', resolve)))
    for (const child of this.#children) child.kill('SIGKILL')
    await Promise.all(exits)
  }
}

function ofKey(history: readonly HistoryEvent[], key: string): { fence: bigint; from: number; to: number }[] {
  const ends = new Map(history.flatMap((event) => (event.type === 'ended' ? [[event.fence, event.at]] : [])))
  return history
    .flatMap((event) =>
      event.type === 'granted' && event.key === key
        ? // A killed holder relied on its lease for a moment at least.
          [{ fence: BigInt(event.fence), from: event.at, to: ends.get(event.fence) ?? event.at }]
        : [],
    )
    .toSorted((a, b) => a.from - b.from)
}

/**
 * Lets processes contend on a database that {@link openContended} knows, kills and stops holders, and judges what all of
 * them have said.
 */
export async function expectExclusiveLeases(database: string): Promise<void> {
  const contest = new Contest(database)
  try {
    for (let fault = 0; fault < FAULTS; fault++) {
      const holder = await contest.nextHolder()
      if (fault % 2 === 0) {
        holder.kill('SIGKILL')
        contest.start()
      } else {
        holder.kill('SIGSTOP')
        await systemRuntime.sleep(2 * TTL_MS)
        holder.kill('SIGCONT')
      }
      await systemRuntime.sleep(200)
    }
    await systemRuntime.sleep(TTL_MS)
  } finally {
    await contest[Symbol.asyncDispose]()
  }

  expect(contest.errors).toEqual([])
  for (const key of ['left', 'right']) {
    const leases = ofKey(contest.history, key)
    expect(leases.length).toBeGreaterThan(20)
    for (const [index, { fence, from }] of leases.entries()) {
      const before = leases[index - 1]
      if (before === undefined) continue
      expect(from, `${fence} begins after ${before.fence} has ended`).toBeGreaterThan(before.to)
      expect(fence > before.fence, `${fence} is greater than ${before.fence}`).toBe(true)
      expect(from - before.to, `${fence} did not have to wait for longer than a lease`).toBeLessThan(TTL_MS * 4)
    }
  }
  const writes = contest.history.filter((event) => event.type === 'write')
  for (const key of ['left', 'right']) {
    const applied = writes.filter((write) => write.key === key && write.seq !== null)
    const fences = applied.toSorted((a, b) => Number(a.seq) - Number(b.seq)).map(({ fence }) => BigInt(fence))
    expect(fences).toEqual(fences.toSorted((a, b) => (a < b ? -1 : 1)))
  }
  expect(
    writes.some(({ seq }) => seq === null),
    'a stopped holder wrote late and was refused',
  ).toBe(true)
}
