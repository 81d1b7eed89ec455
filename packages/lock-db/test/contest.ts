import { type ContestReport, holderKilled, holderStopped, runContest } from '@escapement/testkit/contest'
import { CONTENDED_KEYS } from './processes/contended-database.ts'

const TTL_MS = 600

/** Lets processes contend on a database that `openContended` knows, and kills and stops holders. */
export function contestOn(database: string): Promise<ContestReport> {
  const faults = [holderKilled(), holderStopped(2 * TTL_MS)]
  return runContest({
    script: new URL('./processes/contender.ts', import.meta.url),
    args: [database],
    processes: 5,
    keys: CONTENDED_KEYS,
    ttl: TTL_MS,
    faults: [...faults, ...faults],
  })
}
