import { type Runtime, systemRuntime } from '@escapement/base'
import type { JobStore } from '../store/job-store.ts'
import { claiming } from './claiming.ts'
import { definitions } from './definitions.ts'
import { enqueueing } from './enqueueing.ts'
import { type LetGoStore, lettingGo } from './letting-go.ts'
import type { Moment } from './memory-role.ts'
import { MemoryTables } from './memory-tables.ts'
import { planning } from './planning.ts'
import { reading } from './reading.ts'
import { settling } from './settling.ts'
import { upkeep } from './upkeep.ts'

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** Its `now()` is the server's time. Default: the machine's. */
  readonly runtime?: Runtime
}

/** What {@link memoryStore} makes. */
export interface MemoryStore extends JobStore {
  /** The same executions under another clock, for lock-only mode: a lock server decides which ticks are this process's. */
  readonly underClock: (now: () => number) => JobStore & LetGoStore
}

/**
 * A store in this process's memory: what a scheduler uses that was given none. Several schedulers of one process may
 * share it; everything is gone when the process ends.
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const { runtime = systemRuntime } = options
  const namespaces = new Map<string, MemoryTables>()
  const tablesOf = (namespace: string): MemoryTables => {
    let tables = namespaces.get(namespace)
    if (tables === undefined) namespaces.set(namespace, (tables = new MemoryTables()))
    return tables
  }
  const underClock = (now: () => number): JobStore & LetGoStore => storeOn(tablesOf, now)
  return { ...underClock(() => Math.floor(runtime.now())), underClock }
}

function storeOn(tablesOf: (namespace: string) => MemoryTables, now: () => number): JobStore & LetGoStore {
  const at = (namespace: string): Moment => ({ tables: tablesOf(namespace), now: now() })
  return {
    capabilities: { shared: false, transactions: false, notify: true },
    ...definitions(at),
    ...planning(at),
    ...claiming(at),
    ...settling(at),
    ...enqueueing(at),
    ...reading(at),
    ...upkeep(at),
    ...lettingGo(at),
    open: async () => {},
    close: async () => {},
    now: async () => now(),
    subscribe: (namespace, listener) => tablesOf(namespace).subscribe(() => listener('work')),
    [Symbol.asyncDispose]: async () => {},
  }
}
