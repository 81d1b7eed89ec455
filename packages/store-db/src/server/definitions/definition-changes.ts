import type { DefinitionChange, JobSpec } from '@escapement/core'
import { type SqlSession, type Statement, UniqueViolationError } from '@escapement/db'
import type { JobRow } from '../../job/job-row.ts'
import { type RowObject, rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'
import { type Statements, statements } from '../statements.ts'
import { definitionChangesSql } from './definition-changes-sql.ts'
import { jobRowOf } from './job-columns.ts'
import type { QueueUse } from './queue-use.ts'
import { WaitingMoves } from './waiting-moves.ts'

/** A change that applies, and the job as it was; undefined: it is new. */
interface Step {
  readonly change: DefinitionChange
  readonly current: JobRow | undefined
  /** Whether the current revision stays. */
  readonly isSame: boolean
  readonly revision: number
}

/** Changes definitions by compare and set, many jobs in one transaction. */
export class DefinitionChanges {
  readonly #context: ServerContext
  readonly #sql: Statements<ReturnType<typeof definitionChangesSql>>
  readonly #queueUse: QueueUse
  readonly #moves: WaitingMoves

  constructor(context: ServerContext, queueUse: QueueUse) {
    this.#context = context
    this.#sql = statements(definitionChangesSql(context))
    this.#queueUse = queueUse
    this.#moves = new WaitingMoves(context)
  }

  async apply(namespace: string, changes: readonly DefinitionChange[]): Promise<readonly ('applied' | 'conflict')[]> {
    await this.#queueUse.ensure(
      namespace,
      changes.map(({ job }) => job.spec.queue),
    )
    const applied = await this.#applyAll(namespace, changes)
    for (const { change, current } of applied.values()) {
      const { name, queue } = change.job.spec
      if (current !== undefined) await this.#moves.move(namespace, name, queue) // nothing waits for a new job
    }
    return changes.map((change) => (applied.has(change) ? 'applied' : 'conflict'))
  }

  /** Tried again when somebody else was the first to register a job: now it is there. */
  async #applyAll(
    namespace: string,
    changes: readonly DefinitionChange[],
  ): Promise<ReadonlyMap<DefinitionChange, Step>> {
    for (;;) {
      try {
        return await this.#context.transaction((session) => this.#transact(session, namespace, changes))
      } catch (error) {
        if (!(error instanceof UniqueViolationError)) throw error
      }
    }
  }

  async #transact(
    session: SqlSession,
    namespace: string,
    changes: readonly DefinitionChange[],
  ): Promise<ReadonlyMap<DefinitionChange, Step>> {
    const jobs = [...new Set(changes.map(({ job }) => job.spec.name))].toSorted()
    const { rows } = await session.run(this.#sql.lock, { namespace, jobs })
    const current = new Map(rows.map((row) => jobRowOf(row)).map((row): [string, JobRow] => [row.name, row]))
    const steps = new Map<string, Step>()
    for (const change of changes) {
      const { name } = change.job.spec
      const step = steps.has(name) ? null : stepOf(change, current.get(name))
      if (step !== null) steps.set(name, step)
    }
    await this.#write(session, namespace, [...steps.values()])
    return new Map([...steps.values()].map((step) => [step.change, step]))
  }

  async #write(session: SqlSession, namespace: string, steps: readonly Step[]): Promise<void> {
    if (steps.length === 0) return
    const sql = this.#sql
    const run = async (statement: Statement, rows: readonly RowObject[]): Promise<void> => {
      if (rows.length > 0) await session.run(statement, { namespace, rows: rowsText(rows) })
    }
    const superseding = steps.filter(({ current, isSame }) => current !== undefined && !isSame)
    await run(
      sql.endRevisions,
      superseding.map(({ change, current }) => ({
        job: change.job.spec.name,
        revision: (current as JobRow).revision,
        effective_until: change.effectiveFrom,
      })),
    )
    await run(sql.insertRevisions, steps.filter(({ isSame }) => !isSame).map(revisionObject))
    await run(
      sql.setVersions,
      steps.filter(({ isSame, change }) => isSame && change.job.version !== null).map(revisionObject),
    )
    await run(sql.saveJobs, steps.map(jobObject))
    const exclusive = steps.filter(becomesExclusive).map(({ change }) => change.job.spec.name)
    if (exclusive.length > 0) {
      await session.run(sql.countHeldAsOpen, { namespace, jobs: exclusive })
      await session.run(sql.countWaitingAsOpen, { namespace, jobs: exclusive })
    }
    const more = superseding.length
    if (more > 0) await session.run(sql.countSupersessions, { namespace, first: String(more), more })
  }
}

/** What a change does; null: the job is no longer as expected. */
function stepOf(change: DefinitionChange, current: JobRow | undefined): Step | null {
  const { expected, job } = change
  const isAsExpected =
    current === undefined
      ? expected === null
      : current.revision === expected?.revision && current.planned_until === expected.plannedUntil
  if (!isAsExpected) return null
  const isSame = current !== undefined && current.hash === job.hash && current.effective_until === null
  return { change, current, isSame, revision: (current?.revision ?? 0) + (isSame ? 0 : 1) }
}

function becomesExclusive({ change, current }: Step): boolean {
  const wasExclusive = current === undefined || (JSON.parse(current.spec) as JobSpec).overlap !== 'allow'
  return !wasExclusive && change.job.spec.overlap !== 'allow'
}

function revisionObject({ change, revision }: Step): RowObject {
  const { spec, hash, version } = change.job
  return { job: spec.name, revision, hash, spec: JSON.stringify(spec), version, effective_from: change.effectiveFrom }
}

function jobObject({ change, revision }: Step): RowObject {
  const { spec } = change.job
  return {
    name: spec.name,
    revision,
    planned_until: change.effectiveFrom,
    next_tick_at: change.nextTickAt,
    queue: spec.queue,
    labels: JSON.stringify(spec.labels),
    overlap: spec.overlap,
    on_interrupt: spec.onInterrupt,
    retry_until: spec.retry.until,
    is_system: Number(spec.isSystem),
  }
}
