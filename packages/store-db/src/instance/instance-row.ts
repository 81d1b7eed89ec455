import type { InstanceState } from '@escapement/core'

/** An instance as stored, with what it runs. */
export interface InstanceRow {
  readonly id: string
  readonly name: string
  readonly version: number | null
  readonly started_at: number
  readonly heartbeat_at: number
  readonly lease_until: number
  readonly dead_at: number | null
  readonly running: number
}

/** A row as an {@link InstanceState}. @param now - The server's time. */
export function instanceOf(row: InstanceRow, now: number): InstanceState {
  return {
    id: row.id,
    name: row.name,
    version: row.version,
    startedAt: row.started_at,
    heartbeatAt: row.heartbeat_at,
    leaseUntil: row.lease_until,
    isAlive: row.dead_at === null && row.lease_until > now,
    running: row.running,
  }
}
