import type { ClaimRequest, JobSpec } from '@escapement/core'
import type { SqlSession, Statement } from '@escapement/db'
import { describeOnServers } from '@escapement/testkit/vitest'
import { beforeAll, expect, it } from 'vitest'
import { claimSql } from '../../src/server/claiming/claim-sql.ts'
import { openServerContext } from '../../src/server/open-server-context.ts'
import { ServerContext } from '../../src/server/server-context.ts'
import { serverRoles, type StoreRoles } from '../../src/server/server-roles.ts'
import { register, run } from '../job-stage.ts'
import { openerFor } from './server-pools.ts'

/** Lets something happen just before the first lock of guards of the next transaction that takes one. */
class InterruptedContext extends ServerContext {
  meanwhile: (() => Promise<unknown>) | null = null

  override transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    const { lockGuards } = claimSql(this)
    return super.transaction((session) => {
      const interruptible = async (given: Statement, ...rest: readonly unknown[]): Promise<unknown> => {
        const { meanwhile } = this
        if (given.text === lockGuards) this.meanwhile = null
        if (given.text === lockGuards) await meanwhile?.()
        return Reflect.apply(session.run.bind(session), session, [given, ...rest])
      }
      return work({ run: interruptible, exec: session.exec.bind(session) } as SqlSession)
    })
  }
}

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  const open = openerFor(kind)
  let interrupted: InterruptedContext
  let slow: StoreRoles
  let quick: StoreRoles
  let token = 0
  beforeAll(async () => {
    const context = await openServerContext({ database: open(url()), prefix: 'escapement_', migrate: 'auto' })
    interrupted = new InterruptedContext({ server: context.server, prefix: 'escapement_' })
    slow = serverRoles(interrupted)
    quick = serverRoles(context)
  })

  const staged = async (namespace: string, spec: Partial<JobSpec>): Promise<void> => {
    for (const instance of ['slow', 'quick']) await register(quick, namespace, instance, [spec])
  }
  const request = (instance: string): ClaimRequest => ({
    instance,
    token: ++token,
    isRepeat: false,
    queues: [{ queue: 'default', slots: 1, prefetch: 0 }],
    aheadMs: 0,
    handlers: new Set(['job']),
  })

  it('rules 12 and 20: what was opened before a claim had the lock of the job is seen, also where it has looked before', async () => {
    const namespace = 'skip'
    await staged(namespace, { overlap: 'skip' })
    for (const ifOpen of ['wait', 'skip'] as const) await quick.enqueue(namespace, [run({ isExclusive: true, ifOpen })])
    let first: readonly string[] = []
    interrupted.meanwhile = async () => {
      first = (await quick.claim(namespace, request('quick'))).executions.map(({ id }) => id)
    }
    const second = await slow.claim(namespace, request('slow'))
    expect(first).toHaveLength(1)
    expect(second.executions).toEqual([])
  })
})
