import { integerOf } from '@escapement/db'
import { type Candidate, goesBefore } from '../../claiming/candidate.ts'
import { rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'
import { type Statements, statements } from '../statements.ts'
import type { ClaimFacts, ClaimScope } from './claim-facts.ts'
import { type ClaimableRow, candidateOf, claimableRowOf } from './claimable-row.ts'
import { lanesSql, MOST_LANES } from './lanes-sql.ts'

/** Lanes whose rows are read together, so that they go in their common order. */
const MERGED = 8

interface HeadRow {
  readonly job: string
  readonly lane_key: string
  readonly place: unknown
  readonly seq: unknown
}

/** Where the look at lanes goes on in one namespace: behind a job, and for jobs with many keys at one of these. */
interface Place {
  job: string
  readonly keys: Map<string, string>
}

/** The rows that may start, lane by lane: so nothing that can start is hidden behind what cannot. */
export class Lanes {
  readonly #sql: Statements<ReturnType<typeof lanesSql>>
  readonly #places = new Map<string, Place>()

  constructor(context: ServerContext) {
    this.#sql = statements(lanesSql(context))
  }

  /** The first due row of each lane of jobs that have a handler here, in the order of claims. */
  async heads({ session, namespace, handlers, now }: ClaimScope, facts: ClaimFacts): Promise<readonly Candidate[]> {
    const place = this.#places.get(namespace) ?? { job: '', keys: new Map<string, string>() }
    this.#places.set(namespace, place)
    const found = await session.run<{ job: string }>(this.#sql.jobs, { namespace, after: place.job })
    place.job = found.rows.length < MOST_LANES ? '' : (found.rows.at(-1)?.job ?? '')
    const jobs = found.rows.map(({ job }) => job).filter((job) => handlers.has(job))
    if (jobs.length === 0) return []
    await facts.shareJobs(jobs)
    const most = Math.max(1, Math.floor(MOST_LANES / jobs.length))
    const rows = jobs.map((job) => ({
      job,
      first_key: place.keys.get(job) ?? '',
      ticks: ticksOf(facts, job),
    }))
    const heads = await session.run<HeadRow>(this.#sql.heads, { namespace, now, most, rows: rowsText(rows) })
    for (const job of jobs) place.keys.delete(job)
    for (const { job, lane_key: key, place: at } of heads.rows) {
      if (integerOf(at) === most && most > 1) place.keys.set(job, key)
    }
    const seqs = heads.rows.filter(({ seq }) => seq !== null).map(({ seq }) => integerOf(seq))
    if (seqs.length === 0) return []
    const { rows: candidates } = await session.run(this.#sql.candidates, { seqs })
    return candidates.map(candidateOf).toSorted(goesBefore)
  }

  /** Locks rows of the first of these lanes, up to `most` of each. */
  async lock(
    { session, namespace, now }: ClaimScope,
    facts: ClaimFacts,
    heads: readonly Candidate[],
    most: number,
  ): Promise<readonly ClaimableRow[]> {
    const locked: ClaimableRow[] = []
    for (const { job, queue, concurrency_key: key } of heads.slice(0, MERGED)) {
      const parameters = { namespace, now, job, queue, key, ticks: ticksOf(facts, job) }
      const { rows } = await session.run(this.#sql.lockLane(most), parameters)
      locked.push(...rows.map(claimableRowOf))
    }
    return locked
  }
}

/** Whether ticks of a job may start. */
function ticksOf(facts: ClaimFacts, job: string): 0 | 1 {
  return facts.job(job)?.pause === null ? 1 : 0
}
