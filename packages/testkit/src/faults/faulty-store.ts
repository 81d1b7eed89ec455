import type { Runtime } from '@escapement/base'
import { type JobStore, StoreUnavailableError } from '@escapement/core'
import { seededRandom } from '../runtime/seeded-random.ts'

/** The methods of a store that can be disturbed. */
export type FaultyStoreMethod = Exclude<
  keyof JobStore,
  'capabilities' | 'subscribe' | 'findings' | 'open' | 'close' | symbol
>

/** What goes wrong between a scheduler and its store. */
export type StoreFault =
  /** Nothing happened, and the caller gets an error. */
  | 'error'
  /** It happened, and the caller gets an error. */
  | 'lost-reply'
  /** It happens late; its reply is late as well. */
  | 'delay'

/** How often each thing goes wrong, as a fraction of calls, 0 to 1. What is not named does not. */
export type FaultRates = Readonly<Partial<Record<StoreFault, number>>>

/** One fault at one call. */
export interface ScriptedFault {
  readonly method: FaultyStoreMethod
  /** Which call of that method, counted from 1. */
  readonly call: number
  readonly fault: StoreFault
}

/** Options of {@link faultyStore}. */
export interface FaultyStoreOptions {
  /** Sleeps for delays. */
  readonly runtime: Runtime
  /** The same seed disturbs the same calls. Default 1. */
  readonly seed?: number
  /** By method; `all`: for methods that are not named. */
  readonly rates?: Readonly<Partial<Record<FaultyStoreMethod | 'all', FaultRates>>>
  /** Faults that happen for sure: "lose the reply of the third claim". */
  readonly script?: readonly ScriptedFault[]
  /** The longest delay, milliseconds; each is drawn up to it. Default 1,000. */
  readonly maxDelayMs?: number
}

/** A store whose calls go wrong. */
export interface FaultyStore extends JobStore {
  /** What has gone wrong so far, oldest first. */
  readonly faults: readonly ScriptedFault[]
  /** How often a method was called, disturbed or not. */
  calls(method: FaultyStoreMethod): number
  /** Disturbs no more. */
  heal(): void
}

/** What is left alone: it touches no row, or ends things. */
const UNDISTURBED: ReadonlySet<string | symbol> = new Set([
  'capabilities',
  'subscribe',
  'findings',
  'open',
  'close',
  Symbol.asyncDispose,
])

/**
 * Wraps a store, so that calls fail before they happen, lose their replies or are late: by chance, or by script.
 *
 * @example
 * const faulty = faultyStore(memoryStore({ runtime }), {
 *   runtime,
 *   script: [{ method: 'claim', call: 3, fault: 'lost-reply' }],
 *   rates: { settle: { 'lost-reply': 0.01 } },
 * })
 */
export function faultyStore(store: JobStore, options: FaultyStoreOptions): FaultyStore {
  const { runtime, seed = 1, rates = {}, script = [], maxDelayMs = 1_000 } = options
  const random = seededRandom(seed)
  const counts = new Map<string, number>()
  const faults: ScriptedFault[] = []
  let isHealed = false

  const faultOf = (method: FaultyStoreMethod, call: number): StoreFault | undefined => {
    const draw = random() // at every call, so that a script or a healing does not move the others
    if (isHealed) return undefined
    const scripted = script.find((one) => one.method === method && one.call === call)
    return scripted?.fault ?? drawnFault(rates[method] ?? rates.all ?? {}, draw)
  }

  const disturb = async (method: FaultyStoreMethod, call: () => Promise<unknown>): Promise<unknown> => {
    const count = (counts.get(method) ?? 0) + 1
    counts.set(method, count)
    const fault = faultOf(method, count)
    if (fault === undefined) return call()
    faults.push({ method, call: count, fault })
    if (fault === 'error') throw new StoreUnavailableError(`${method} was disturbed: nothing happened`)
    if (fault === 'delay') await runtime.sleep(random() * maxDelayMs)
    const answer = await call()
    if (fault === 'lost-reply') throw new StoreUnavailableError(`${method} was disturbed: its reply was lost`)
    await runtime.sleep(random() * maxDelayMs)
    return answer
  }

  const own = {
    faults,
    calls: (method: FaultyStoreMethod): number => counts.get(method) ?? 0,
    heal: (): void => void (isHealed = true),
  }
  return new Proxy(store, {
    get(target, property) {
      if (property in own) return own[property as keyof typeof own]
      const value: unknown = Reflect.get(target, property)
      if (typeof value !== 'function') return value
      if (UNDISTURBED.has(property)) return value.bind(target)
      return (...given: unknown[]) => disturb(property as FaultyStoreMethod, async () => value.apply(target, given))
    },
  }) as FaultyStore
}

function drawnFault(rates: FaultRates, draw: number): StoreFault | undefined {
  let below = 0
  for (const fault of ['error', 'lost-reply', 'delay'] as const) {
    below += rates[fault] ?? 0
    if (draw < below) return fault
  }
  return undefined
}
