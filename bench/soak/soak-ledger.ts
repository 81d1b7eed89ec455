import { queryDatabase } from './query-database.ts'
import type { SoakAddress } from './soak-address.ts'

/** What the tables of the database hold at the end. */
export interface SoakLedger {
  readonly ticks: readonly LedgerEntry[]
  readonly attempts: readonly LedgerAttempt[]
  /** How many executions of each job the statistics have as succeeded. */
  readonly successes: ReadonlyMap<string, number>
}

/** The execution that answers for a tick, or a span, whose id is `span` and whose status its reason. */
export interface LedgerEntry {
  readonly id: string
  readonly job: string
  readonly tick: number
  readonly status: string
}

/** The end of an attempt. */
interface LedgerAttempt {
  readonly execution: string
  /** A decimal. */
  readonly fence: string
  readonly outcome: string
}

const EXECUTIONS = `SELECT id, job, scheduled_for AS tick, status FROM escapement_executions WHERE job LIKE 'soak-%'`
const SPANS = `SELECT 'span' AS id, job, from_at AS tick, reason AS status FROM escapement_spans WHERE job LIKE 'soak-%'`
/** Those that have a row, and those whose execution is their record. */
const ATTEMPTS = `SELECT x.id, a.fence, a.outcome FROM escapement_attempts a
    JOIN escapement_executions x ON x.seq = a.execution_seq WHERE x.job LIKE 'soak-%'
  UNION ALL SELECT x.id, x.fence, x.status FROM escapement_executions x WHERE x.job LIKE 'soak-%' AND x.status = 'succeeded'
    AND NOT EXISTS (SELECT 1 FROM escapement_attempts a WHERE a.execution_seq = x.seq AND a.number = x.attempt)`
const SUCCESSES = `SELECT job, SUM(succeeded) AS successes FROM escapement_stats WHERE job LIKE 'soak-%' GROUP BY job`
const UNSETTLED = `SELECT COUNT(*) AS unsettled FROM escapement_executions
  WHERE job LIKE 'soak-%' AND status IN ('scheduled', 'claimed', 'running')`

/** Reads the ledger. */
export async function readLedger(address: SoakAddress): Promise<SoakLedger> {
  const entries = [...(await queryDatabase(address, EXECUTIONS)), ...(await queryDatabase(address, SPANS))]
  const attempts = await queryDatabase(address, ATTEMPTS)
  const successes = await queryDatabase(address, SUCCESSES)
  return {
    ticks: entries.map((row) => ({ ...textsOf(row), tick: Number(row['tick']) })),
    attempts: attempts.map(({ id, fence, outcome }) => ({
      execution: String(id),
      fence: String(fence),
      outcome: String(outcome),
    })),
    successes: new Map(successes.map(({ job, successes: count }) => [String(job), Number(count)])),
  }
}

/** How many executions have no verdict yet. */
export async function countUnsettled(address: SoakAddress): Promise<number> {
  const [row] = await queryDatabase(address, UNSETTLED)
  return Number(row?.['unsettled'])
}

function textsOf({ id, job, status }: Record<string, unknown>): Pick<LedgerEntry, 'id' | 'job' | 'status'> {
  return { id: String(id), job: String(job), status: String(status) }
}
