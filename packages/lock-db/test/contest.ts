import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { systemRuntime } from '@escapement/base'
import type { HistoryEvent } from './processes/contender.ts'

const CONTENDERS = 5
const TTL_MS = 600
const HOLD_MS = 60
const FAULTS = 8
const LEAST_LEASES = 8
/** A holder may be stopped while it writes, and those after it wait for its row; the machine may be busy. */
const LONGEST_WAIT_MS = 6 * TTL_MS

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
  const ofThis = history.filter((event) => event.key === key) // two keys may have the same fence: each counts its own
  const ends = new Map(ofThis.flatMap((event) => (event.type === 'ended' ? [[event.fence, event.at]] : [])))
  return ofThis
    .flatMap((event) =>
      event.type === 'granted'
        ? // A killed holder relied on its lease for a moment at least.
          [{ fence: BigInt(event.fence), from: event.at, to: ends.get(event.fence) ?? event.at }]
        : [],
    )
    .toSorted((a, b) => a.from - b.from)
}

/**
 * Lets processes contend on a database that `openContended` knows, and kills and stops holders; answers what they have
 * seen that must never be.
 */
export async function contestFindings(database: string): Promise<readonly string[]> {
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
  const { errors, history } = contest
  const isRefused = history.some((event) => event.type === 'write' && event.seq === null)
  return [
    ...errors,
    ...['left', 'right'].flatMap((key) => [...leaseFindings(history, key), ...writeFindings(history, key)]),
    ...(isRefused ? [] : ['no write of a stopped holder came late and was refused']),
  ]
}

function leaseFindings(history: readonly HistoryEvent[], key: string): string[] {
  const leases = ofKey(history, key)
  const few = leases.length > LEAST_LEASES ? [] : [`${key}: only ${leases.length} leases`]
  const findings = leases.slice(1).flatMap(({ fence, from }, index) => {
    const before = leases[index] as (typeof leases)[number]
    return [
      ...(from > before.to ? [] : [`${key}: ${fence} began before ${before.fence} had ended`]),
      ...(fence > before.fence ? [] : [`${key}: ${fence} is not greater than ${before.fence}`]),
      ...(from - before.to < LONGEST_WAIT_MS ? [] : [`${key}: ${fence} had to wait for ${from - before.to} ms`]),
    ]
  })
  return [...few, ...findings]
}

function writeFindings(history: readonly HistoryEvent[], key: string): string[] {
  const applied = history.flatMap((event) =>
    event.type === 'write' && event.key === key && event.seq !== null
      ? [{ fence: BigInt(event.fence), seq: event.seq }]
      : [],
  )
  const inOrder = applied.toSorted((a, b) => a.seq - b.seq)
  return inOrder.slice(1).flatMap(({ fence }, index) => {
    const before = inOrder[index]?.fence ?? 0n
    return fence < before ? [`${key}: a write under ${fence} was applied after one under ${before}`] : []
  })
}
