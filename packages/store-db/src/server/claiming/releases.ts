import { afterInterruption, type InterruptedVerdict, type Recovered } from '@escapement/core'
import { integerOf, type SqlSession, type Statement } from '@escapement/db'
import type { Ending, EndingRow } from '../../settle/ending-row.ts'
import type { StatsEvent } from '../../stats/stats-change.ts'
import type { ServerEndings } from '../ending/endings.ts'
import type { ExecutionRemoval } from '../ending/execution-removal.ts'
import { type RowObject, rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'
import type { ServerStatistics } from '../statistics/statistics.ts'
import { type Statements, statements } from '../statements.ts'
import type { HeldRow } from '../../claiming/held-row.ts'
import { heldRowOf } from './held-row.ts'
import { releasesSql } from './releases-sql.ts'

/** Of so many instances it is remembered where to look; a process has a new one whenever its lease has ended. */
const MOST_INSTANCES = 1_000

/** What an instance names of that which it holds. */
export interface NamedExecution {
  readonly executionId: string
  readonly fence: bigint
}

interface UnderTokenRow {
  readonly id: string
  readonly fence: unknown
  readonly claim_token: unknown
}

interface Release {
  readonly row: HeldRow
  readonly verdict: InterruptedVerdict
  /** Its instant had come. */
  readonly wasStarted: boolean
}

/** What releases change beside executions. */
export interface ReleaseParts {
  readonly endings: ServerEndings
  readonly removal: ExecutionRemoval
  readonly statistics: ServerStatistics
}

/**
 * Takes executions away from instances that cannot or will not end them (rules 14, 17 and 18). The row of the instance
 * is locked before; in each transaction there is one call.
 */
export class ServerReleases {
  readonly #sql: Statements<ReturnType<typeof releasesSql>>
  readonly #parts: ReleaseParts
  /** Of each instance that lives here the token of the oldest claim that was not over. */
  readonly #oldestClaims = new Map<string, number>()

  constructor(context: ServerContext, parts: ReleaseParts) {
    this.#sql = statements(releasesSql(context))
    this.#parts = parts
  }

  /** Gives back what its owner has not started. Another fence changes nothing. */
  async handBack(session: SqlSession, namespace: string, named: readonly NamedExecution[], now: number): Promise<void> {
    const rows = await this.#lockNamed(session, namespace, named)
    await this.#giveBack(session, rows, now, false)
    await this.#finish(session, namespace, cancelledOf(rows, now))
  }

  /**
   * What a live instance was granted and does not know of, because the reply was lost. Read before anything is locked,
   * and from the oldest claim of which something was held before: beside an old transaction a claim that is over has an
   * entry for each of its rows all the same.
   */
  async unnamed(
    session: SqlSession,
    namespace: string,
    { instance, claimedUpTo, named }: UnnamedRequest,
  ): Promise<readonly NamedExecution[]> {
    const place = JSON.stringify([namespace, instance])
    const parameters = { namespace, instance, since: this.#oldestClaims.get(place) ?? 0, token: claimedUpTo }
    const { rows } = await session.run<UnderTokenRow>(this.#sql.heldUnderTokens, parameters)
    if (this.#oldestClaims.size >= MOST_INSTANCES) this.#oldestClaims.clear()
    this.#oldestClaims.set(place, Math.min(claimedUpTo, ...rows.map((row) => integerOf(row.claim_token))))
    const unnamed = rows.filter(({ id }) => !named.has(id))
    return unnamed.map(({ id, fence }) => ({ executionId: id, fence: BigInt(integerOf(fence)) }))
  }

  /** Takes back what its owner does not know of: unstarted as by `handBack`, started as interrupted. */
  async takeBack(session: SqlSession, namespace: string, named: readonly NamedExecution[], now: number): Promise<void> {
    await this.#release(session, namespace, await this.#lockNamed(session, namespace, named), now)
  }

  /** Gives back up to `limit` of what a dead instance holds. */
  async recover(session: SqlSession, namespace: string, instance: string, limit: number): Promise<Recovered[]> {
    const { rows } = await session.run<{ now: unknown }>(this.#sql.lockHeld(limit), { namespace, instance })
    return await this.#release(session, namespace, rows.map(heldRowOf), integerOf(rows[0]?.now ?? 0))
  }

  async #lockNamed(session: SqlSession, namespace: string, named: readonly NamedExecution[]): Promise<HeldRow[]> {
    if (named.length === 0) return []
    const rows = named.map(({ executionId: id, fence }) => ({ id, fence }))
    return (await session.run(this.#sql.lockNamed, { namespace, rows: rowsText(rows) })).rows.map(heldRowOf)
  }

  async #release(session: SqlSession, namespace: string, rows: readonly HeldRow[], now: number): Promise<Recovered[]> {
    if (rows.length === 0) return []
    const releases = await this.#judge(session, namespace, rows, now)
    const started = releases.filter(({ wasStarted }) => wasStarted)
    const ended = started.filter(({ verdict }) => verdict.status !== 'scheduled')
    const again = started.filter(({ verdict }) => verdict.status === 'scheduled')
    const unstarted = releases.filter(({ wasStarted }) => !wasStarted).map(({ row }) => row)
    const interrupted = started.filter(({ row }) => row.abandoned_at === null)
    const spent = (given: readonly Release[]): RowObject[] => given.map((release) => spentOf(release, now))
    await this.#write(session, this.#sql.spend, spent(ended))
    await this.#write(session, this.#sql.again, spent(again))
    await this.#giveBack(session, unstarted, now, true)
    await this.#write(
      session,
      this.#sql.recordAttempts,
      interrupted.map(({ row }) => attemptOf(row, now)),
    )
    const endings = ended.map(({ row, verdict }) => ({
      row,
      status: verdict.status as Ending['status'],
      reason: verdict.reason,
      finishedAt: now,
    }))
    await this.#finish(session, namespace, [...endings, ...cancelledOf(unstarted, now)])
    const events = releases.flatMap((release) => eventOf(release, now) ?? [])
    if (events.length > 0) await this.#parts.statistics.count(session, namespace, events)
    return releases.map(({ row, verdict, wasStarted }) => ({
      executionId: row.id,
      job: row.job,
      instance: row.instance,
      status: verdict.status,
      wasStarted,
    }))
  }

  async #judge(
    session: SqlSession,
    namespace: string,
    rows: readonly HeldRow[],
    now: number,
  ): Promise<readonly Release[]> {
    const keyOf = ({ job, revision }: { job: string; revision: unknown }): string => `${job} ${String(revision)}`
    const revisions = new Map(rows.map(({ job, revision }) => [keyOf({ job, revision }), { job, revision }]))
    const found = await session.run<PolicyRow>(this.#sql.policies, {
      namespace,
      rows: rowsText([...revisions.values()]),
    })
    const policies = new Map(found.rows.map((row) => [keyOf(row), row]))
    return rows.map((row) => {
      const policy = policies.get(keyOf(row))
      const wasStarted = row.status === 'running' && (row.started_at ?? 0) <= now
      const verdict = afterInterruption({
        onInterrupt: policy?.on_interrupt ?? 'retry',
        retryLimit: integerOf(policy?.retry_limit ?? 0),
        wasStarted,
        interruptions: row.interruptions,
        retries: row.retries,
        isCancelRequested: row.cancel_requested_at !== null,
        isAbandoned: row.abandoned_at !== null,
      })
      return { row, verdict, wasStarted }
    })
  }

  /** As if they had not been claimed; a tick whose time has not come goes when its job was retired before it. */
  async #giveBack(session: SqlSession, rows: readonly HeldRow[], now: number, isOwnerDead: boolean): Promise<void> {
    const given = rows.map((row) => ({
      seq: row.seq,
      attempt: row.attempt - 1,
      fence: fenceAfter(row, now),
      is_judged: Number(row.due_at <= now),
      was_interrupted: Number(isOwnerDead),
    }))
    await this.#write(session, this.#sql.giveBack, given)
    const seqs = rows.filter((row) => row.due_at > now && row.cancel_requested_at === null).map(({ seq }) => seq)
    if (seqs.length === 0) return
    const { rows: retired } = await session.run<{ seq: unknown }>(this.#sql.retired, { seqs })
    await this.#parts.removal.remove(
      session,
      retired.map(({ seq }) => integerOf(seq)),
    )
  }

  async #finish(
    session: SqlSession,
    namespace: string,
    endings: readonly (Ending & { readonly row: EndingRow })[],
  ): Promise<void> {
    if (endings.length > 0) await this.#parts.endings.finish(session, namespace, endings)
  }

  async #write(session: SqlSession, statement: Statement, rows: readonly RowObject[]): Promise<void> {
    if (rows.length > 0) await session.run(statement, { rows: rowsText(rows) })
  }
}

/** What is held under tokens up to one, without what is named. */
export interface UnnamedRequest {
  readonly instance: string
  readonly claimedUpTo: number
  readonly named: ReadonlySet<string>
}

interface PolicyRow {
  readonly job: string
  readonly revision: unknown
  readonly on_interrupt: 'retry' | 'fail' | null
  readonly retry_limit: unknown
}

/** Above all before: max(counter + 1, time in microseconds) (rule 16). */
function fenceAfter({ fence }: HeldRow, now: number): number {
  return Math.max(fence + 1, now * 1_000)
}

/** What is to be cancelled, as it was before it was claimed. */
function cancelledOf(rows: readonly HeldRow[], now: number): readonly (Ending & { readonly row: EndingRow })[] {
  return rows
    .filter((row) => row.cancel_requested_at !== null)
    .map((row) => ({
      row: { ...row, attempt: row.attempt - 1 },
      status: 'cancelled',
      reason: null,
      finishedAt: now,
    }))
}

function attemptOf({ seq, attempt, instance, fence, claimed_at, started_at }: HeldRow, now: number): RowObject {
  return { execution_seq: seq, number: attempt, instance, fence, claimed_at, started_at, finished_at: now }
}

function spentOf({ row, verdict: { spends } }: Release, now: number): RowObject {
  return {
    seq: row.seq,
    retries: row.retries + Number(spends === 'retry'),
    interruptions: row.interruptions + Number(spends === 'interruption'),
    fence: fenceAfter(row, now),
  }
}

function eventOf({ row, verdict: { spends } }: Release, now: number): StatsEvent | null {
  if (spends === 'nothing') return null
  const { job, instance } = row
  return { job, instance, at: now, status: 'scheduled', spends, durationMs: null, latenessMs: null }
}
