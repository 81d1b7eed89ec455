import {
  type ClaimedExecution,
  type HistoryPolicy,
  type NewExecution,
  type Settlement,
  StoreUnavailableError,
} from '@escapement/core'
import { statement } from '@escapement/db'
import { describeOnServers } from '@escapement/testkit/vitest'
import { beforeAll, expect, it } from 'vitest'
import { openServerContext } from '../../src/server/open-server-context.ts'
import { ServerContext } from '../../src/server/server-context.ts'
import { serverRoles, type StoreRoles } from '../../src/server/server-roles.ts'
import { register, run, success } from '../job-stage.ts'
import { openerFor } from './server-pools.ts'

/** Calls that are under way at once. */
const CALLS = 6

/** Loses the reply to the next transaction that was committed. */
class ForgetfulContext extends ServerContext {
  isForgetting = false

  override async transaction<T>(work: Parameters<ServerContext['transaction']>[0]): Promise<T> {
    const result = await super.transaction(work)
    if (!this.isForgetting) return result as T
    this.isForgetting = false
    throw new StoreUnavailableError('the reply was lost')
  }
}

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  const open = openerFor(kind)
  let context: ServerContext
  let stores: readonly StoreRoles[]
  let token = 0
  beforeAll(async () => {
    context = await openServerContext({ database: open(url()), prefix: 'escapement_', migrate: 'auto' })
    stores = Array.from({ length: CALLS }, () => serverRoles(context)) // each as in a process of its own
  })

  const atOnce = <T>(call: (store: StoreRoles, index: number) => Promise<T>): Promise<readonly T[]> =>
    Promise.all(stores.map(call))
  const store = (): StoreRoles => stores[0] as StoreRoles

  /** Executions that one instance has begun, of a job of their own. */
  async function claimed(job: string, count: number, given: Partial<NewExecution> = {}): Promise<ClaimedExecution[]> {
    await register(store(), 'n', 'i', [{ name: job }])
    const executions = Array.from({ length: count }, (_, index) => run({ job, scheduledFor: 1_000 + index, ...given }))
    await store().enqueue(
      'n',
      executions.map((each, index) => (each.origin === 'tick' ? { ...each, dedupeKey: `tick:${index}` } : each)),
    )
    const queues = [{ queue: 'default', slots: count, prefetch: 0 }]
    const request = { instance: 'i', token: ++token, isRepeat: false, queues, aheadMs: 0, handlers: new Set([job]) }
    return [...(await store().claim('n', request)).executions]
  }

  const settlement = (one: ClaimedExecution, given: Partial<Settlement> = {}): Settlement => ({
    ...success(one, 'i'),
    startedAt: 60_000,
    finishedAt: 60_500,
    ...given,
  })
  const countOf = async (job: string): Promise<[number, number]> => {
    const records = await store().stats('n', { job, from: 0, to: Number.MAX_SAFE_INTEGER })
    const sum = (of: (record: (typeof records)[number]) => number): number =>
      records.reduce((total, record) => total + of(record), 0)
    return [
      sum(({ succeeded }) => succeeded),
      sum(({ duration }) => Object.values(duration).reduce((a, b) => a + b, 0)),
    ]
  }

  it('rule 21: of those who settle the same attempts at once one does, and each is counted once', async () => {
    const executions = await claimed('same', 40)
    const answers = await atOnce((each, index) => {
      const mine = executions.map((one) => settlement(one))
      return each.settle('n', index % 2 === 0 ? mine : mine.toReversed())
    })
    const results = answers.flat().map(({ result }) => result)
    expect(results.filter((result) => result === 'settled').length).toBe(40)
    expect(results.filter((result) => result === 'repeated').length).toBe(40 * (CALLS - 1))
    expect(await countOf('same')).toEqual([40, 40])
  })

  it('rule 21: those who begin a minute of one instance at once lose no number', async () => {
    const executions = await claimed('minute', 60)
    await atOnce((each, index) =>
      each.settle(
        'n',
        executions.filter((_, at) => at % CALLS === index).map((one) => settlement(one)),
      ),
    )
    expect(await countOf('minute')).toEqual([60, 60])
  })

  it.each<[string, HistoryPolicy, number]>([
    ['none', 'none', 0],
    ['the newest five', { keep: 5 }, 5],
  ])(
    'rule 4: ticks settled at once of a job that keeps %s are each in a span or a row',
    async (_name, history, kept) => {
      const job = `ticks-${kept}`
      const executions = await claimed(job, 60, { origin: 'tick' })
      expect(executions.length).toBe(60)
      await atOnce((each, index) =>
        each.settle(
          'n',
          executions.filter((_, at) => at % CALLS === index).map((one) => settlement(one, { history })),
        ),
      )
      const rows = await store().tickExecutions('n', job, 0, 10_000, 100)
      const spans = await store().spans('n', job, 0, 10_000, 100)
      expect(rows.length + spans.reduce((sum, { count }) => sum + count, 0)).toBe(60)
      expect(rows.length).toBeGreaterThanOrEqual(kept)
      expect(await countOf(job)).toEqual([60, 60])
    },
  )

  it('rule 21: settling again after the reply was lost says so, whether or not the row was kept', async () => {
    const forgetful = new ForgetfulContext({ server: context.server, prefix: 'escapement_' })
    const losing = serverRoles(forgetful)
    const [first, second] = await claimed('lost', 2)
    const batch = [settlement(first as ClaimedExecution), settlement(second as ClaimedExecution, { history: 'none' })]
    forgetful.isForgetting = true
    await expect(losing.settle('n', batch)).rejects.toThrow(StoreUnavailableError)
    expect((await losing.settle('n', batch)).map(({ result, status }) => [result, status])).toEqual([
      ['repeated', 'succeeded'],
      ['repeated', 'succeeded'],
    ])
    expect(await countOf('lost')).toEqual([2, 2])
  })

  it('what attempts leave behind comes back to the byte, and does not stop a search', async () => {
    const texts = ['\u0000', '\\u0000', 'a\tb\r\n"\\\'', '🕰️ Zürich', '\ud800', '${x} :name ? $1', 'x'.repeat(1_000_000)]
    const executions = await claimed('awkward', texts.length)
    const log = (text: string): Settlement['log'] => [{ at: 1, level: 'info', message: text }]
    const error = (text: string): Settlement['error'] => ({ name: 'Error', message: text })
    await store().settle(
      'n',
      executions.map((one, index) => {
        const text = texts[index] as string
        return settlement(one, { output: JSON.stringify(text), error: error(text), log: log(text) })
      }),
    )
    for (const [index, { id }] of executions.entries()) {
      const found = await store().execution('n', id)
      const text = texts[index] as string
      expect(JSON.parse(found?.execution.output ?? 'null')).toBe(text)
      expect(found?.execution.error?.message).toBe(text)
      expect(found?.attempts[0]?.log).toEqual(log(text))
    }
    const found = await store().executions('n', { search: 'ZüRICH', jobs: ['awkward'] }, { limit: 10 })
    expect(found.items.map(({ id }) => id)).toEqual([executions[3]?.id])
  })

  it('rule 4, 21: purges and folds at once do each thing once', async () => {
    const executions = await claimed('purged', 100)
    const log = [{ at: 1, level: 'info', message: 'an attempt that has a row' }] as const
    await store().settle(
      'n',
      executions.map((one) => settlement(one, { log })),
    )
    const counts = await atOnce((each) => each.foldStats('n', 1_000))
    expect(Math.max(...counts)).toBeGreaterThan(0)
    expect(await countOf('purged')).toEqual([100, 100])
    const { executions: e, attempts } = context.tables
    const settled = await context.run<{ n: unknown }>(
      statement(`SELECT COUNT(*) AS n FROM ${e} WHERE finished_at IS NOT NULL`),
    )
    const spans = await context.run<{ n: unknown }>(statement(`SELECT COUNT(*) AS n FROM ${context.tables.spans}`))
    const purged = await atOnce((each) => each.purge('n', Number.MAX_SAFE_INTEGER, 1_000))
    const all = Number(settled.rows[0]?.n) + Number(spans.rows[0]?.n)
    expect(purged.reduce((a, b) => a + b)).toBe(all)
    expect((await context.run(statement(`SELECT number FROM ${attempts}`))).rows).toEqual([])
  })
})
