import type { MeasuredServer } from '../harness/measured-servers.ts'
import { postgresFloor } from '../harness/postgres-floor.ts'
import { openPlace, type StorePlace } from '../harness/store-place.ts'
import type { Peer } from '../peers/peer.ts'
import { peerDispatch } from './peer-dispatch.ts'
import { type DispatchTimes, schedulerDispatch } from './scheduler-dispatch.ts'
import { serverDispatchFloor } from './server-dispatch-floor.ts'

/** What is left of a job that succeeded. */
export type History = 'all' | 'none'

/** Something that enqueues and drains on a server, in an empty database of its own. */
export interface DispatchContender {
  readonly name: string
  readonly server: MeasuredServer
  readonly history: History
  /** BullMQ and MariaDB take ten times as long as the others, and are measured less often. */
  readonly isSlow: boolean
  run(url: string): Promise<DispatchTimes>
}

/** The least that does it on PostgreSQL. */
export function floorContender(count: number, history: History): DispatchContender {
  return {
    name: `floor, history ${textOf(history)}`,
    server: 'postgres',
    history,
    isSlow: false,
    run: async (url) => {
      {
        await using placed = openPlace({ kind: 'postgres', url })
        await placed.store.open() // makes the tables
      }
      await using floor = await postgresFloor(url)
      return await serverDispatchFloor(floor, count, history)
    },
  }
}

export function ourContender(kind: 'postgres' | 'mariadb', count: number, history: History): DispatchContender {
  return {
    name: `Escapement on ${kind === 'postgres' ? 'PostgreSQL' : 'MariaDB'}, history ${textOf(history)}`,
    server: kind,
    history,
    isSlow: kind === 'mariadb',
    run: async (url) => {
      const place: StorePlace = { kind, url }
      await using placed = openPlace(place)
      await placed.store.open() // peers make their tables before the clock runs, too
      return await schedulerDispatch(placed.store, count, history)
    },
  }
}

export function peerContender(peer: Peer, count: number): DispatchContender {
  return {
    name: `${peer.name}, history ${textOf(peer.history)}`,
    server: peer.server,
    history: peer.history,
    isSlow: peer.name.startsWith('BullMQ'),
    run: (url) => peerDispatch(peer, url, count),
  }
}

function textOf(history: History): string {
  return history === 'all' ? 'kept' : 'off'
}
