import { setTimeout as sleep } from 'node:timers/promises'
import { endSessions, type ServerProcess } from '@escapement/testkit/servers'
import { queryDatabase } from './query-database.ts'
import type { SoakAddress } from './soak-address.ts'
import type { SoakDatabase } from './soak-database.ts'
import type { DatabaseMove } from './soak-plan.ts'

/** How far apart sessions are ended. Milliseconds. */
const BETWEEN_ENDS_MS = 500
const BETWEEN_ASKS_MS = 10

/** Something that was done to the server. Unix milliseconds. */
export interface DatabaseFault {
  readonly what: DatabaseMove['what']
  readonly from: number
  /** When the server answered again, or was left alone. */
  readonly until: number
}

/** Does one thing to the server, and resolves when it is over and the server answers. */
export async function moveDatabase(move: DatabaseMove, { server, address }: SoakDatabase): Promise<DatabaseFault> {
  if (server === null) throw new Error(`${address.kind} has no server to ${move.what}`)
  const from = Date.now()
  await disturb(move, server, address)
  await answering(address)
  return { what: move.what, from, until: Date.now() }
}

async function disturb(move: DatabaseMove, server: ServerProcess, address: SoakAddress): Promise<void> {
  switch (move.what) {
    case 'restart':
      return await server.restart()
    case 'crash':
      return await server.restart('crash')
    case 'freeze':
      server.freeze()
      await sleep(move.seconds * 1_000)
      return server.thaw()
    case 'end-sessions':
      return await endSessionsFor(move.seconds * 1_000, address)
  }
}

async function endSessionsFor(ms: number, { kind, url }: SoakAddress): Promise<void> {
  if (kind === 'sqlite') return
  const endsAt = Date.now() + ms
  for (let next = Date.now(); next < endsAt; next += BETWEEN_ENDS_MS) {
    await sleep(Math.max(0, next - Date.now()))
    await endSessions(kind, url)
  }
}

/** Resolves when a new connection is answered. */
async function answering(address: SoakAddress): Promise<void> {
  for (;;) {
    try {
      await queryDatabase(address, 'SELECT 1 AS one')
      return
    } catch {
      await sleep(BETWEEN_ASKS_MS)
    }
  }
}
