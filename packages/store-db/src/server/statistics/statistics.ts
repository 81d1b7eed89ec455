import type { SqlSession } from '@escapement/db'
import { addNumbers, MINUTE_MS, type StatsChange, statsChanges, type StatsEvent } from '../../stats/stats-change.ts'
import { numbersOf } from '../../stats/stats-row.ts'
import { type RowObject, rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'
import { type Statements, statements } from '../statements.ts'
import { type BucketKey, type BucketRow, bucketRowOf } from './bucket-row.ts'
import { statisticsSql } from './statistics-sql.ts'

/** What is added to a bucket of some width. */
export type BucketChange = BucketKey & Pick<StatsChange, 'numbers'>

/**
 * Numbers by job, bucket and instance, changed in the transaction that they count (rule 21). Histograms are texts that
 * are added up here, so buckets are locked before they are read: the last locks of a transaction, in the order of keys.
 */
export class ServerStatistics {
  readonly #sql: Statements<ReturnType<typeof statisticsSql>>

  constructor(context: ServerContext) {
    this.#sql = statements(statisticsSql(context))
  }

  /** Counts events by the minute, of their job and of all together. */
  async count(session: SqlSession, namespace: string, events: readonly StatsEvent[]): Promise<void> {
    const changes = statsChanges(events).map((change) => ({ ...change, width: MINUTE_MS }))
    await this.add(session, namespace, changes)
  }

  /** Adds numbers to buckets. */
  async add(session: SqlSession, namespace: string, changes: readonly BucketChange[]): Promise<void> {
    if (changes.length === 0) return
    const sums = sumsOf(changes)
    const stored = new Map<string, BucketRow>()
    const lock = async (): Promise<BucketChange[]> => {
      const missing = [...sums].filter(([key]) => !stored.has(key)).map(([, change]) => change)
      const { rows } = await session.run(this.#sql.lock, { namespace, rows: rowsText(missing.map(keyObject)) })
      for (const row of rows.map(bucketRowOf)) stored.set(keyOf(row), row)
      return missing.filter((change) => !stored.has(keyOf(change)))
    }
    const begun = await lock()
    if (begun.length > 0) {
      await session.run(this.#sql.begin, { namespace, rows: rowsText(begun.map(keyObject)) })
      await lock()
    }
    const written = [...sums].map(([key, change]) => ({
      ...keyObject(change),
      ...numbersObject(addNumbers(numbersOf(stored.get(key) as BucketRow), change.numbers)),
    }))
    await session.run(this.#sql.write, { namespace, rows: rowsText(written) })
  }

  /** Removes buckets that were added to others. */
  async remove(session: SqlSession, namespace: string, buckets: readonly BucketKey[]): Promise<void> {
    if (buckets.length > 0) await session.run(this.#sql.remove, { namespace, rows: rowsText(buckets.map(keyObject)) })
  }
}

/** One change for each bucket, in the order in which buckets are locked. */
function sumsOf(changes: readonly BucketChange[]): ReadonlyMap<string, BucketChange> {
  const sums = new Map<string, BucketChange>()
  for (const change of changes) {
    const key = keyOf(change)
    const sum = sums.get(key)
    sums.set(key, sum === undefined ? change : { ...sum, numbers: addNumbers(sum.numbers, change.numbers) })
  }
  return new Map([...sums].toSorted(([, a], [, b]) => compare(a, b)))
}

function compare(a: BucketKey, b: BucketKey): number {
  const byText = (left: string, right: string): number => Number(left > right) - Number(left < right)
  return byText(a.job, b.job) || a.bucket - b.bucket || a.width - b.width || byText(a.instance, b.instance)
}

function keyOf({ job, bucket, width, instance }: BucketKey): string {
  return `${job} ${bucket} ${width} ${instance}`
}

function keyObject({ job, bucket, width, instance }: BucketKey): RowObject {
  return { job, bucket, width, instance }
}

function numbersObject(numbers: BucketChange['numbers']): RowObject {
  return {
    succeeded: numbers.succeeded,
    failed: numbers.failed,
    timed_out: numbers.timedOut,
    cancelled: numbers.cancelled,
    retries: numbers.retries,
    interruptions: numbers.interruptions,
    duration_sum_ms: numbers.durationSumMs,
    lateness_sum_ms: numbers.latenessSumMs,
    duration: JSON.stringify(numbers.duration),
    lateness: JSON.stringify(numbers.lateness),
  }
}
