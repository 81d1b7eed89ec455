import type { MeasuredServers } from '../harness/measured-servers.ts'
import type { Outcome } from '../harness/rounds.ts'
import { type ContentionFigures, measureContention } from './contention.ts'
import { HAND_OFF_PROCESSES, type HandOffFigures, measureHandOff } from './hand-off.ts'
import { type HandOffMember, startMember } from './hand-off-members.ts'
import type { LockBackend, LockContender } from './lock-contender.ts'
import { lockContenders } from './lock-contenders.ts'
import { lockPlace } from './lock-places.ts'
import { measureTakeover } from './takeover.ts'
import { measureUncontended, type UncontendedFigure, type UncontendedScale } from './uncontended.ts'

/** Rounds of each measurement. */
export interface LockScale {
  readonly uncontended: UncontendedScale
  readonly handOff: number
  readonly takeover: number
  readonly contention: number
}

/** One contender with all that was measured of it; null: it does not do that. */
export interface MeasuredLock {
  readonly contender: LockContender
  readonly uncontended: Outcome<UncontendedFigure>
  readonly apart: ApartFigures | null
  readonly contention: ContentionFigures | null
}

/** What shows only among processes. */
interface ApartFigures {
  readonly handOff: HandOffFigures
  /** Beyond the lease. */
  readonly takeoverMs: number
}

/** Measures all who lock on one backend; nothing where it could not be had. */
export async function measureLocks(
  servers: MeasuredServers,
  backend: LockBackend,
  scale: LockScale,
): Promise<readonly MeasuredLock[]> {
  await using room = await lockPlace(servers, backend)
  if (room === null) return []
  const { place } = room
  const contenders = await lockContenders(backend)
  const uncontended = await measureUncontended(contenders, place, scale.uncontended)
  await using stack = new AsyncDisposableStack()
  const members: HandOffMember[] = []
  if (backend !== 'memory') {
    for (let n = 0; n < HAND_OFF_PROCESSES; n++) members.push(stack.use(await startMember()))
  }
  const measured: MeasuredLock[] = []
  for (const contender of contenders) {
    measured.push({
      contender,
      uncontended: uncontended.get(contender.name) as Outcome<UncontendedFigure>,
      apart: contender.waits && backend !== 'memory' ? await measureApart(contender, place, members, scale) : null,
      // Those who hold a connection for each lock could not hold a hundred.
      contention:
        contender.waits && contender.endsWith === 'lease'
          ? await measureContention(contender, place, scale.contention)
          : null,
    })
  }
  return measured
}

async function measureApart(
  contender: LockContender,
  place: string,
  members: readonly HandOffMember[],
  { handOff, takeover }: LockScale,
): Promise<ApartFigures | null> {
  const { backend, name } = contender
  const [waiter] = members
  if (waiter === undefined) return null
  for (const member of members) await member.ask({ kind: 'open', backend, contender: name, place }, 'ready')
  return {
    handOff: await measureHandOff(members, handOff),
    takeoverMs: await measureTakeover(contender, place, waiter, takeover),
  }
}
