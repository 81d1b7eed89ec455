import type { RedisServer } from '../harness/measured-servers.ts'
import type { StorePlace } from '../harness/store-place.ts'

/** One handler's start, as its process noted it. */
export interface Start {
  readonly job: string
  readonly scheduledFor: number
  readonly executionId: string
  readonly latenessMs: number
}

/** What a process of the cluster tells. */
export type InstanceMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'starts'; readonly starts: readonly Start[] }
  | { readonly kind: 'stopped' }

/** What it is told. */
export interface InstanceOrder {
  readonly kind: 'stop'
}

/** What it is started with, as JSON in its one argument. */
export interface InstanceSetting {
  readonly place: StorePlace
  readonly jobs: number
  /** Its id begins with it. */
  readonly instance: string
}

/** What a process of the floor on PostgreSQL is started with, in a database that has the tables. */
export interface FloorInstanceSetting {
  readonly url: string
  /** Those that are due by it each second. */
  readonly jobs: readonly string[]
}

/** What a process of BullMQ is started with. */
export interface BullmqInstanceSetting {
  readonly url: string
  readonly server: 'postgres' | RedisServer
  readonly jobs: number
  /** Makes the tables and the schedules. */
  readonly isFirst: boolean
}
