import type { ClaimedExecution, JobStore, Settlement } from '@escapement/core'
import { openServer, statement } from '@escapement/db'
import { describeOnServers } from '@escapement/testkit/vitest'
import { Pool } from 'pg'
import { expect, it } from 'vitest'
import { openServerContext } from '../../src/server/open-server-context.ts'
import type { ServerContext } from '../../src/server/server-context.ts'
import { serverRoles } from '../../src/server/server-roles.ts'
import { register, run, success } from '../job-stage.ts'

const BACKLOG = 20_000
const SETTLED = 500
/** After so many executions of a statement a session keeps its plan. */
const UNTIL_KEPT = 8

type Work = readonly [name: string, enqueued: Parameters<typeof run>[0], end: typeof success]

function failure(claimed: ClaimedExecution, instance: string): Settlement {
  const error = { name: 'Error', message: 'refused', stack: '' }
  return { ...success(claimed, instance), status: 'failed', outcome: 'failed', error }
}

const WORK: readonly Work[] = [
  ['plain runs that succeed', {}, success],
  ['runs with keys that fail', { concurrencyKey: 'key', concurrencyLimit: 1_000 }, failure],
]

/** Rows that scans of tables and indexes have read since the last call, by the server's own statistics. */
async function rowsRead({ server }: ServerContext): Promise<number> {
  await server.run(statement('SELECT pg_stat_force_next_flush()'))
  const { rows } = await server.run<{ n: unknown }>(
    statement(`SELECT (SELECT COALESCE(SUM(seq_tup_read), 0) FROM pg_stat_user_tables)
      + (SELECT COALESCE(SUM(idx_tup_read), 0) FROM pg_stat_user_indexes) AS n`),
  )
  return Number(rows[0]?.n)
}

describeOnServers(['postgres'], ({ url }) => {
  async function staged(prefix: string): Promise<{ context: ServerContext; pool: Pool; store: JobStore }> {
    const pool = new Pool({ connectionString: url(), max: 1 }) // one session, which keeps its plans
    const context = await openServerContext({ database: openServer(pool), prefix, migrate: 'auto' })
    for (const table of [context.tables.unsettled, context.tables.executions, context.tables.attempts]) {
      await context.server.session((session) => session.exec(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`))
    }
    const store = serverRoles(context) as JobStore
    await register(store, 'n', 'i')
    return { context, pool, store }
  }

  it.each(
    WORK.flatMap(([name, given, end]) =>
      (['new', 'analysed'] as const).map((tables) => [name, tables, given, end] as const),
    ),
  )(
    '%s cost no more in a burst for plans that were made while tables were tiny and %s',
    async (_, tables, given, end) => {
      const { context, pool, store } = await staged(`tiny_${tables}_${end.name}_`)
      let token = 0
      const claim = async (slots: number): Promise<readonly ClaimedExecution[]> => {
        const queues = [{ queue: 'default', slots, prefetch: 0 }]
        const request = {
          instance: 'i',
          token: ++token,
          isRepeat: false,
          queues,
          aheadMs: 50,
          handlers: new Set(['job']),
        }
        return (await store.claim('n', request)).executions
      }
      const work = async (slots: number): Promise<number> => {
        const claimed = await claim(slots)
        const settled = await store.settle(
          'n',
          claimed.map((execution) => end(execution, 'i')),
        )
        expect(settled.every(({ result }) => result === 'settled')).toBe(true)
        return claimed.length
      }
      for (let n = 0; n < UNTIL_KEPT; n++) {
        if (n === 2 && tables === 'analysed') await context.server.session((session) => session.exec('VACUUM ANALYZE'))
        await store.enqueue('n', [run(given), run(given)])
        expect(await work(SETTLED)).toBe(2)
      }
      for (let n = 0; n < BACKLOG; n += 1_000) {
        await store.enqueue(
          'n',
          Array.from({ length: 1_000 }, () => run(given)),
        )
      }
      await work(SETTLED) // finds out how much waits
      const before = await rowsRead(context)
      expect(await work(SETTLED)).toBe(SETTLED)
      expect((await rowsRead(context)) - before).toBeLessThan(BACKLOG)
      await pool.end()
    },
  )
})
