import type { ClaimRequest, ClaimResult, JobStore, NewExecution } from '@escapement/core'
import { openServer, statement } from '@escapement/db'
import { startTcpProxy, type TcpProxy } from '@escapement/testkit/servers'
import { describeOnServers } from '@escapement/testkit/vitest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { dbStore } from '../../src/index.ts'
import { register, run, success } from '../job-stage.ts'
import { sourcesFor } from './server-pools.ts'

const NAMESPACE = 'default'
/** More round trips than any call makes. */
const MOST_TRIPS = 40

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  const sources = sourcesFor(kind)
  let proxy: TcpProxy
  let direct: JobStore
  let store: JobStore
  let token = 0

  beforeAll(async () => {
    direct = dbStore(sources.pool(url()))
    await direct.open()
    await register(direct, NAMESPACE, 'owner')
    proxy = await startTcpProxy(url())
    store = dbStore(openServer(sources.pool(proxy.url, 1), { timeout: '5s' }))
    await store.open()
  })
  afterAll(async () => {
    await store.close()
    await direct.close()
    await proxy[Symbol.asyncDispose]()
  })

  /**
   * Makes a call again and again, each time with the reply of another one of its round trips lost and the call repeated, as
   * the scheduler does, until a call had no such round trip any more. Answers how many replies were lost.
   */
  const withEachReplyLost = async <T>(
    begin: () => Promise<{ call: (isRepeat: boolean) => Promise<T>; check: (result: T) => Promise<void> }>,
  ): Promise<number> => {
    for (let trip = 1; trip <= MOST_TRIPS; trip++) {
      const { call, check } = await begin()
      await store.now() // the connection stands
      let seen = 0
      const lost = proxy.loseReply({ request: () => ++seen === trip })
      lost.catch(() => undefined)
      const first = await call(false).then(
        (result) => ({ result, isLost: false }),
        (error: unknown) => {
          expect(error).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', retryable: true })
          return { result: null, isLost: true }
        },
      )
      if (!first.isLost) {
        await proxy.heal()
        return trip - 1
      }
      await lost
      await check(await call(true))
    }
    throw new Error(`a call makes more than ${MOST_TRIPS} round trips`)
  }
  const claim = (from: JobStore, own: number, isRepeat: boolean): Promise<ClaimResult> => {
    const queues: ClaimRequest['queues'] = [{ queue: 'default', slots: 10, prefetch: 0 }]
    const handlers = new Set(['job'])
    return from.claim(NAMESPACE, { instance: 'owner', token: own, isRepeat, queues, aheadMs: 0, handlers })
  }
  const statusesOf = async (ids: readonly string[]): Promise<string[]> => {
    const { items } = await direct.executions(NAMESPACE, { ids }, { limit: 100 })
    return items.map(({ status }) => status)
  }
  const succeeded = async (): Promise<number> => {
    const server = await openServer(sources.pool(url(), 1)).open()
    const { rows } = await server.run<{ n: unknown }>(
      statement(`SELECT COALESCE(SUM(succeeded), 0) AS n FROM ${server.table('escapement_stats')} WHERE job = 'job'`),
    )
    return Number(rows[0]?.n)
  }
  const enqueued = async (count: number): Promise<readonly NewExecution[]> => {
    const executions = Array.from({ length: count }, () => run())
    await direct.enqueue(NAMESPACE, executions)
    return executions
  }

  it('rule 1: an enqueue whose reply was lost makes nothing twice when it is repeated, with keys and without', async () => {
    const replies = await withEachReplyLost(async () => {
      const plain = run()
      const keyed = run({ dedupeKey: `key:${plain.id}` })
      return {
        call: () => store.enqueue(NAMESPACE, [plain, keyed]),
        check: async (results) => {
          expect(results.map(({ id }) => id)).toEqual([plain.id, keyed.id])
          expect(await statusesOf([plain.id, keyed.id])).toEqual(['scheduled', 'scheduled'])
        },
      }
    })
    expect(replies).toBeGreaterThan(0)
    const claimed = await claim(direct, ++token, false)
    await direct.settle(
      NAMESPACE,
      claimed.executions.map((execution) => success(execution, 'owner')),
    )
  })

  it('rule 19: a claim whose reply was lost answers the same executions when it is repeated, each with one attempt', async () => {
    const replies = await withEachReplyLost(async () => {
      for (;;) {
        const { executions } = await claim(direct, ++token, false) // what an earlier case has left
        if (executions.length === 0) break
        await direct.settle(
          NAMESPACE,
          executions.map((execution) => success(execution, 'owner')),
        )
      }
      const executions = await enqueued(3)
      const own = ++token
      return {
        call: (isRepeat) => claim(store, own, isRepeat),
        check: async (result) => {
          expect(result.executions.map(({ id }) => id).toSorted()).toEqual(executions.map(({ id }) => id).toSorted())
          expect(result.executions.map(({ attempt }) => attempt)).toEqual([1, 1, 1])
          const results = await direct.settle(
            NAMESPACE,
            result.executions.map((execution) => success(execution, 'owner')),
          )
          expect(results.map((each) => each.result)).toEqual(['settled', 'settled', 'settled'])
        },
      }
    })
    expect(replies).toBeGreaterThan(1)
  })

  it('rule 21: a settlement whose reply was lost counts once and leaves one attempt when it is repeated', async () => {
    const replies = await withEachReplyLost(async () => {
      await enqueued(3)
      const { executions } = await claim(direct, ++token, false)
      const settlements = executions.map((execution) => success(execution, 'owner'))
      const before = await succeeded()
      return {
        call: () => store.settle(NAMESPACE, settlements),
        check: async (results) => {
          expect(results.map(({ result }) => result === 'stale')).toEqual(settlements.map(() => false))
          expect(await succeeded()).toBe(before + settlements.length)
          for (const { id } of executions) {
            const found = await direct.execution(NAMESPACE, id)
            expect(found?.execution.status).toBe('succeeded')
            expect(found?.attempts).toHaveLength(1)
          }
        },
      }
    })
    expect(replies).toBeGreaterThan(0)
  })

  it('rule 5: a plan whose reply was lost makes each tick once when it is repeated', async () => {
    const server = await openServer(sources.pool(url(), 1)).open()
    await register(direct, NAMESPACE, 'owner', [{ name: 'planned' }])
    let at = (await direct.now()) + 3_600_000
    const replies = await withEachReplyLost(async () => {
      const [state] = await direct.jobStates(NAMESPACE, ['planned'])
      if (state === undefined) throw new Error('the job is not registered')
      const ticks = [at, at + 1_000, at + 2_000]
      at += 10_000
      const entry = {
        job: 'planned',
        expected: { plannedUntil: state.plannedUntil, revision: 1, pauses: state.pauses },
        plannedUntil: at - 1,
        nextTickAt: null,
        pauses: state.pauses,
        executions: ticks.map((scheduledFor) =>
          run({
            job: 'planned',
            origin: 'tick',
            dedupeKey: `tick:${scheduledFor}`,
            scheduledFor,
            dueAt: scheduledFor,
            isJudged: false,
          }),
        ),
        spans: [],
        fold: [],
        keep: [],
      }
      return {
        call: () => store.plan(NAMESPACE, [entry]),
        check: async () => {
          const { rows } = await server.run<{ n: unknown }>(
            statement(
              `SELECT COUNT(*) AS n FROM ${server.table('escapement_executions')} WHERE job = 'planned' AND scheduled_for BETWEEN :first AND :last`,
            ),
            { first: ticks[0] ?? 0, last: ticks[2] ?? 0 },
          )
          expect(Number(rows[0]?.n)).toBe(3)
          expect((await direct.jobStates(NAMESPACE, ['planned']))[0]?.plannedUntil).toBe(entry.plannedUntil)
        },
      }
    })
    expect(replies).toBeGreaterThan(0)
  })
})
