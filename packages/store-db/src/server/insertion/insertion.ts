import type { EnqueueResult, NewExecution } from '@escapement/core'
import { type SqlSession, UniqueViolationError } from '@escapement/db'
import { type ExecutionRow, visibleStatus } from '../../execution/execution-row.ts'
import { rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'
import { type Statements, statements } from '../statements.ts'
import { insertionSql } from './insertion-sql.ts'
import { newExecutionObject } from './new-execution-object.ts'

type KnownRow = Pick<ExecutionRow, 'id' | 'status' | 'job' | 'dedupe_key'>

/** What an insert has met. */
interface Known {
  readonly byId: ReadonlyMap<string, KnownRow>
  readonly byIdentity: ReadonlyMap<string, KnownRow>
}

const NONE_KNOWN: Known = { byId: new Map(), byIdentity: new Map() }

type Session = Pick<SqlSession, 'run'>

/** Inserts executions; the queues that they use are known already. */
export class ServerInsertion {
  readonly #context: ServerContext
  readonly #sql: Statements<ReturnType<typeof insertionSql>>
  readonly #isPostgres: boolean

  constructor(context: ServerContext) {
    this.#context = context
    this.#sql = statements(insertionSql(context))
    this.#isPostgres = context.server.dialect === 'postgres'
  }

  /** Inserts executions by one statement; those that exist already, by id or identity, stay as they are. */
  async insertMissing(session: Session, namespace: string, executions: readonly NewExecution[]): Promise<void> {
    if (executions.length > 0) await this.#insert(session, namespace, executions)
  }

  /** Inserts executions and says what became of each, by as few statements as the server allows. */
  async enqueue(namespace: string, executions: readonly NewExecution[]): Promise<readonly EnqueueResult[]> {
    if (executions.length === 0) return []
    if (this.#isPostgres) return await this.enqueueWithin(this.#context, namespace, executions)
    try {
      const parameters = { namespace, rows: rowsOf(executions) }
      await this.#context.transaction(async (session) => {
        await session.run(this.#sql.insertAll, parameters)
        await session.run(this.#sql.insertUnsettled, parameters)
      })
      return executions.map(({ id }) => ({ id, status: 'scheduled', existing: false }))
    } catch (error) {
      if (!(error instanceof UniqueViolationError)) throw error
      return await this.#context.transaction((session) => this.enqueueWithin(session, namespace, executions))
    }
  }

  /** The same within a transaction, which a row that exists already does not spoil. */
  async enqueueWithin(
    session: Session,
    namespace: string,
    executions: readonly NewExecution[],
  ): Promise<readonly EnqueueResult[]> {
    const results = executions.map((): EnqueueResult | null => null)
    for (;;) {
      const rest = executions.filter((_, place) => results[place] === null)
      if (rest.length === 0) return results as readonly EnqueueResult[]
      const inserted = await this.#insertAndTell(session, namespace, rest)
      const isAllNew = rest.every(({ id }) => inserted.has(id)) && inserted.size === rest.length
      const known = isAllNew ? NONE_KNOWN : await this.#known(session, namespace, rest)
      for (const [place, { id, job, dedupeKey }] of executions.entries()) {
        if (results[place] !== null) continue
        if (inserted.delete(id)) {
          results[place] = { id, status: 'scheduled', existing: false }
          continue
        }
        // What was met and is gone since is not there any more: once again.
        const found = known.byId.get(id) ?? known.byIdentity.get(`${job} ${dedupeKey}`)
        if (found !== undefined) {
          results[place] = { id: found.id, status: visibleStatus(found.status), existing: true }
        }
      }
    }
  }

  /** Inserts what is missing; answers the ids of that. */
  async #insertAndTell(session: Session, namespace: string, executions: readonly NewExecution[]): Promise<Set<string>> {
    if (this.#isPostgres) return new Set(await this.#insert(session, namespace, executions))
    const parameters = { namespace, rows: rowsOf(executions) }
    const before = await session.run<{ id: string }>(this.#sql.ids, parameters)
    await this.#insert(session, namespace, executions)
    const after = await session.run<{ id: string }>(this.#sql.ids, parameters)
    const inserted = new Set(after.rows.map(({ id }) => id))
    for (const { id } of before.rows) inserted.delete(id)
    return inserted
  }

  /** Inserts what is missing; PostgreSQL says what that was. */
  async #insert(session: Session, namespace: string, executions: readonly NewExecution[]): Promise<readonly string[]> {
    const parameters = { namespace, rows: rowsOf(executions) }
    const { rows } = await session.run<{ id: string }>(this.#sql.insertMissing, parameters)
    if (!this.#isPostgres) await session.run(this.#sql.insertUnsettled, parameters)
    return rows.map(({ id }) => id)
  }

  async #known(session: Session, namespace: string, executions: readonly NewExecution[]): Promise<Known> {
    const rows = rowsText(executions.map(({ id, job, dedupeKey }) => ({ id, job, dedupe_key: dedupeKey })))
    const sameId = await session.run<KnownRow>(this.#sql.sameId, { namespace, rows })
    const sameIdentity = await session.run<KnownRow>(this.#sql.sameIdentity, { namespace, rows })
    return {
      byId: new Map(sameId.rows.map((row) => [row.id, row])),
      byIdentity: new Map(sameIdentity.rows.map((row) => [`${row.job} ${row.dedupe_key}`, row])),
    }
  }
}

function rowsOf(executions: readonly NewExecution[]): string {
  return rowsText(executions.map(newExecutionObject))
}
