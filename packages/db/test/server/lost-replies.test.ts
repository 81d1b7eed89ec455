import { startTcpProxy, type TcpProxy } from '@escapement/testkit/servers'
import { describeOnServers } from '@escapement/testkit/vitest'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { type ConnectedServer, integerOf, openServer, statement } from '../../src/index.ts'
import { openerFor } from './sources.ts'

const UNKNOWN = { code: 'ERR_DATABASE_UNAVAILABLE', retryable: true }

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  const opener = openerFor(kind)
  let proxy: TcpProxy
  let direct: ConnectedServer
  let server: ConnectedServer
  const table = (): string => direct.table('counters')
  const insert = () => statement(`INSERT INTO ${table()} (n) VALUES (:n)`)
  const rows = async (): Promise<number[]> =>
    (await direct.run<{ n: unknown }>(statement(`SELECT n FROM ${table()} ORDER BY n`))).rows.map(({ n }) =>
      integerOf(n),
    )

  beforeAll(async () => {
    direct = await opener.open(url()).open()
    await direct.session((session) => session.exec(`CREATE TABLE ${table()} (n BIGINT)${direct.tableOptions}`))
    proxy = await startTcpProxy(url())
  })
  beforeEach(async () => {
    await direct.run(statement(`DELETE FROM ${table()}`))
    server = await openServer(opener.pool(proxy.url, 1), { timeout: '1s' }).open()
    await server.run(insert(), { n: 0 }) // prepared, where the next one is to be lost
  })
  afterEach(() => proxy.heal())
  afterAll(() => proxy[Symbol.asyncDispose]())

  it('a statement whose reply was lost is not done again', async () => {
    const lost = proxy.loseReply()
    await expect(server.run(insert(), { n: 1 })).rejects.toMatchObject(UNKNOWN)
    await lost
    expect(await rows()).toEqual([0, 1])
    await server.run(insert(), { n: 2 }) // on another connection
    expect(await rows()).toEqual([0, 1, 2])
  })

  it('a transaction whose COMMIT was not answered is not done again, and says that it is unknown', async () => {
    let lost: Promise<void> | undefined
    const committing = server.transaction(async (session) => {
      await session.run(insert(), { n: 1 })
      lost = proxy.loseReply({ request: 'COMMIT' })
    })
    await expect(committing).rejects.toMatchObject(UNKNOWN)
    await expect(committing).rejects.toThrow(/unknown whether/)
    await lost
    expect(await rows()).toEqual([0, 1])
  })

  it('a transaction whose connection was cut before COMMIT has done nothing', async () => {
    const cut = server.transaction(async (session) => {
      await session.run(insert(), { n: 1 })
      proxy.cut()
      await session.run(insert(), { n: 2 })
    })
    await expect(cut).rejects.toMatchObject(UNKNOWN)
    await server.run(insert(), { n: 3 })
    expect(await rows()).toEqual([0, 3])
  })

  it('a server that is frozen makes calls fail in time, and answers again once it goes on', async () => {
    proxy.freeze()
    await expect(server.run(insert(), { n: 1 })).rejects.toThrow(/did not answer in time/)
    await proxy.heal()
    expect(await server.now()).toBeGreaterThan(0)
    // What had been sent may have been done, once.
    expect((await rows()).filter((n) => n === 1).length).toBeLessThanOrEqual(1)
  })

  it('a server that is frozen makes opening fail in time, and the next call opens', async () => {
    proxy.freeze()
    const opening = openServer(opener.pool(proxy.url), { timeout: '300ms' })
    await expect(opening.open()).rejects.toThrow(/no connection in time, and nothing was done/)
    await proxy.heal()
    expect((await opening.open()).dialect).toBe(kind)
  })

  it('while nothing listens calls fail at once, and afterwards they succeed', async () => {
    await proxy.refuse()
    proxy.cut()
    await expect(server.now()).rejects.toMatchObject(UNKNOWN)
    await expect(server.now()).rejects.toMatchObject(UNKNOWN)
    await proxy.heal()
    expect(await server.now()).toBeGreaterThan(0)
  })
})
