import { type ContestFault, type ContestPlan, holderKilled, holderStopped } from '@escapement/testkit/contest'
import { CONTESTED_KEYS, type ContestedKind, type ContestedLock } from './contested-lock.ts'

/** One contest on one kind of lock. */
export interface ContestRound {
  readonly name: string
  /** How it goes on a lock that is new. */
  plan(lock: ContestedLock): ContestPlan
}

/** With data kept, lost, and lost where there is quarantine. */
export function contestRounds(kind: ContestedKind, isShort: boolean): readonly ContestRound[] {
  const ttlMs = kind === 'etcd' ? 2_000 : 1_000
  const plan = (lock: ContestedLock, faults: readonly ContestFault[]): ContestPlan => ({
    script: new URL('./contender.ts', import.meta.url),
    args: lock.args,
    processes: isShort ? 5 : 16,
    keys: isShort ? CONTESTED_KEYS.slice(0, 2) : CONTESTED_KEYS,
    ttl: ttlMs,
    faults: [holderKilled(), ...faults.slice(0, 1), holderStopped(2 * ttlMs), ...faults.slice(1)],
    lasts: isShort ? 0 : '60s',
  })
  const kept: ContestRound = { name: 'data kept', plan: (lock) => plan(lock, lock.faults) }
  const lost: ContestRound = { name: 'data lost', plan: (lock) => plan(lock, losing(lock)) }
  const quarantined: ContestRound = {
    name: 'data lost, in quarantine',
    plan: (lock) => ({
      ...plan({ ...lock, args: [...lock.args, String(ttlMs)] }, [...lock.faults, ...losing(lock)]),
      hasQuarantine: true,
    }),
  }
  if (kind === 'sqlite') return [kept]
  return kind === 'postgres' || kind === 'mariadb' ? [kept, lost] : [kept, lost, quarantined]
}

function losing({ faults: [cut], loss }: ContestedLock): readonly ContestFault[] {
  return [cut, loss].filter((fault) => fault != null)
}
