import { type JobStore, memoryStore } from '@escapement/core'
import { type ClusterMember, VirtualCluster, virtualRuntime } from '@escapement/testkit'

/** 2026-01-01T00:00:00Z: where virtual time begins. */
export const START: number = Date.UTC(2026, 0, 1)
export const SECOND = 1_000
export const MINUTE = 60_000
export const HOUR = 3_600_000
export const DAY = 86_400_000

export type { ClusterMember as Member }

/** Machines in virtual time that share one store in memory. */
export class Cluster extends VirtualCluster {
  constructor(options: { readonly seed?: number; readonly wrap?: (store: JobStore) => JobStore } = {}) {
    const runtime = virtualRuntime({ startAt: START, ...options })
    const store = memoryStore({ runtime })
    super(runtime, options.wrap?.(store) ?? store)
  }
}
