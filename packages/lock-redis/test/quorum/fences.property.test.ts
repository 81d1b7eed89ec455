import { startServer, type TestServer } from '@escapement/testkit/servers'
import { describeWithServer } from '@escapement/testkit/vitest'
import { array, assert, asyncProperty, nat } from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OpenClient } from '../clients.ts'
import { Chaos, type Grant } from './chaos.ts'
import { openAll } from './quorum-servers.ts'

let runs = 0

describeWithServer('redis', () => {
  // Databases of one server know as little of each other as servers do.
  let server: TestServer
  let databases: OpenClient[] = []
  beforeAll(async () => {
    server = await startServer('redis', { isOwn: true })
    databases = await openAll([1, 2, 3].map((database) => `${server.url}/${database}`))
  })
  afterAll(async () => {
    for (const database of databases) await database[Symbol.asyncDispose]()
    await server.stop()
  })

  test('rule 16: fences grow, and one has the lock at a time, however commands and data of a minority are lost', async () => {
    await assert(
      asyncProperty(array(nat(9_999), { maxLength: 400, size: 'max' }), async (choices) => {
        const { grants, breaks, moved } = await new Chaos(databases, `run-${++runs}:`).run(choices, 6)
        const pairs = grants.flatMap((grant, index) => grants.slice(index + 1).map((later) => [grant, later] as const))
        expect(pairs.filter(([grant, later]) => !isInOrder(grant, later))).toEqual([])
        expect(pairs.filter(([grant, later]) => meet(grant, later, breaks))).toEqual([])
        expect([...moved.values()].filter((times) => times > 1)).toEqual([])
      }),
      { numRuns: 60, endOnFailure: true },
    )
  }, 60_000)
})

/** Grants that overlap may be told of in any order; their fences differ all the same. */
function isInOrder(first: Grant, second: Grant): boolean {
  return second.askedAt > first.grantedAt ? second.fence > first.fence : second.fence !== first.fence
}

/** Whether two had the lock at a time, although nothing had broken the lease of the first. */
function meet(first: Grant, second: Grant, breaks: readonly number[]): boolean {
  const isBroken = breaks.some((at) => at > first.askedAt && at < second.grantedAt)
  return second.grantedAt < first.endedAt && !isBroken
}
