import { afterInterruption, type Recovered } from '@escapement/core'
import type { SqliteSession } from '@escapement/db'
import type { TableNames } from '../table-names.ts'
import type { HeldRow } from '../claiming/held-row.ts'
import type { SqliteEndings } from './ending.ts'
import { releasesSql } from './releases-sql.ts'

interface PolicyRow {
  readonly on_interrupt: 'retry' | 'fail'
  readonly retry_limit: number
}

/** Takes executions away from instances that cannot or will not end them (rules 14, 17 and 18). */
export class Releases {
  readonly #sql: ReturnType<typeof releasesSql>
  readonly #endings: SqliteEndings

  constructor(tables: TableNames, endings: SqliteEndings) {
    this.#sql = releasesSql(tables)
    this.#endings = endings
  }

  /** Gives back what its owner has not started. Another fence changes nothing. */
  handBack(session: SqliteSession, namespace: string, id: string, fence: number, now: number): void {
    const row = session.get<HeldRow>(this.#sql.heldById, [namespace, id, fence])
    if (row !== undefined) this.#giveBack(session, namespace, row, now, false)
  }

  /** Gives back what a live instance was granted and does not know of, because the reply was lost. */
  giveUnnamedBack(
    session: SqliteSession,
    namespace: string,
    instance: string,
    claimedUpTo: number,
    named: ReadonlySet<string>,
    now: number,
  ): void {
    for (const row of session.all<HeldRow>(this.#sql.heldUnderTokens, [namespace, instance, claimedUpTo])) {
      if (!named.has(row.id)) this.#release(session, namespace, row, now)
    }
  }

  /** Gives back up to `limit` of what a dead instance holds. */
  recover(session: SqliteSession, namespace: string, instance: string, limit: number, now: number): Recovered[] {
    return session
      .all<HeldRow>(this.#sql.heldByInstance, [namespace, instance, limit])
      .map((row) => this.#release(session, namespace, row, now))
  }

  /** What is to be cancelled ends instead; a tick whose time has not come goes when its job was retired before it. */
  #giveBack(session: SqliteSession, namespace: string, row: HeldRow, now: number, hasDied: boolean): void {
    session.run(this.#sql.giveBack, [now, now * 1_000, Number(hasDied), row.seq])
    const asBefore = { ...row, attempt: row.attempt - 1 }
    if (row.cancel_requested_at !== null) {
      this.#endings.finish(session, namespace, asBefore, { status: 'cancelled', reason: null, finishedAt: now })
    } else if (row.due_at > now) {
      session.run(this.#sql.dropRetired, [row.seq])
    }
  }

  #release(session: SqliteSession, namespace: string, row: HeldRow, now: number): Recovered {
    const wasStarted = row.status === 'running' && (row.started_at ?? 0) <= now
    const isAbandoned = row.abandoned_at !== null
    const policy = session.get<PolicyRow>(this.#sql.policy, [namespace, row.job, row.revision])
    const { status, reason, spends } = afterInterruption({
      onInterrupt: policy?.on_interrupt ?? 'retry',
      retryLimit: policy?.retry_limit ?? 0,
      wasStarted,
      interruptions: row.interruptions,
      retries: row.retries,
      isCancelRequested: row.cancel_requested_at !== null,
      isAbandoned,
    })
    const micros = now * 1_000
    const { seq, job, instance } = row
    if (wasStarted && !isAbandoned) {
      session.run(this.#sql.recordAttempt, [seq, row.attempt, instance, row.fence, row.claimed_at, row.started_at, now])
    }
    const retries = row.retries + Number(spends === 'retry')
    const interruptions = row.interruptions + Number(spends === 'interruption')
    if (spends !== 'nothing') {
      const event = { job, instance, at: now, status: 'scheduled', spends, durationMs: null, latenessMs: null } as const
      this.#endings.statistics.count(session, namespace, [event])
    }
    if (!wasStarted) {
      this.#giveBack(session, namespace, row, now, true)
    } else if (status !== 'scheduled') {
      session.run(this.#sql.spend, [retries, interruptions, micros, seq])
      this.#endings.finish(session, namespace, row, { status, reason, finishedAt: now })
    } else {
      session.run(this.#sql.again, [row.due_at, retries, interruptions, micros, seq])
    }
    return { executionId: row.id, job, instance, status, wasStarted }
  }
}
