import { describeOnServers } from '@escapement/testkit/vitest'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { integerOf, openServer, type SqlServer, statement } from '../../src/index.ts'
import { openerFor } from './sources.ts'

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  const opener = openerFor(kind)
  describe.each(['pool', 'kysely'] as const)('through a %s', (how) => {
    let server: SqlServer
    const table = (): string => server.table(`t_${how}`)
    beforeAll(async () => {
      server = await openServer(opener[how](url())).open()
      await server.session((session) =>
        session.exec(`CREATE TABLE ${table()} (n BIGINT PRIMARY KEY, word VARCHAR(64) UNIQUE)${server.tableOptions}`),
      )
    })

    beforeEach(() => server.run(statement(`DELETE FROM ${table()}`)))

    const rows = async (): Promise<number[]> =>
      (await server.run<{ n: unknown }>(statement(`SELECT n FROM ${table()} ORDER BY n`))).rows.map(({ n }) =>
        integerOf(n),
      )
    const insert = (): ReturnType<typeof statement> => statement(`INSERT INTO ${table()} (n, word) VALUES (:n, :word)`)

    it('knows the server by asking it', () => {
      expect(server.dialect).toBe(kind)
      expect(server.version).toMatch(/^\d+\.\d+/)
    })

    it('writes, counts and reads every awkward character, null and large numbers', async () => {
      const words = ["it's", 'a\\b\\', '"`;--', '\u{1f570} :x ? $1', '', ' end ']
      const large = 1_760_000_000_000_000
      for (const [index, word] of words.entries()) await server.run(insert(), { n: large + index, word })
      await server.run(insert(), { n: large + words.length, word: null })
      const read = await server.run<{ n: unknown; word: unknown }>(
        statement(`SELECT n, word FROM ${table()} WHERE n >= :large ORDER BY n`),
        { large },
      )
      expect(read.rows.map(({ n, word }) => [integerOf(n) - large, word])).toEqual(
        [...words, null].map((word, index) => [index, word]),
      )
      expect(read.affected).toBe(words.length + 1)
      const removed = await server.run(statement(`DELETE FROM ${table()} WHERE n >= :large`), { large: BigInt(large) })
      expect([removed.affected, removed.rows]).toEqual([words.length + 1, []])
    })

    it('takes a list of any length as one parameter', async () => {
      const text =
        server.dialect === 'postgres'
          ? 'SELECT u AS id FROM unnest(:ids::text[]) AS u'
          : `SELECT id FROM JSON_TABLE(:ids, '$[*]' COLUMNS (id VARCHAR(64) PATH '$')) AS u`
      const ids = ['a', 'b\'"\\', '\u{1f570}']
      expect((await server.run<{ id: string }>(statement(text), { ids })).rows.map(({ id }) => id)).toEqual(ids)
      expect((await server.run(statement(text), { ids: [] })).rows).toEqual([])
    })

    it('a transaction is committed as a whole, or rolled back when it throws', async () => {
      await server.transaction(async (session) => {
        await session.run(insert(), { n: 1, word: 'one' })
        await session.run(insert(), { n: 2, word: 'two' })
      })
      const failed = server.transaction(async (session) => {
        await session.run(insert(), { n: 3, word: 'three' })
        throw new Error('on purpose')
      })
      await expect(failed).rejects.toThrow('on purpose')
      expect(await rows()).toEqual([1, 2])
    })

    it('a unique key that is there is an error of its own, and is not retried', async () => {
      await server.run(insert(), { n: 1, word: 'one' })
      const again = server.run(insert(), { n: 2, word: 'one' })
      await expect(again).rejects.toMatchObject({ code: 'ERR_UNIQUE_VIOLATION', retryable: false })
      await expect(again).rejects.toHaveProperty('constraint', expect.stringContaining('word'))
    })

    it('two transactions that deadlock are both committed in the end', async () => {
      await server.run(insert(), { n: 1, word: '0' })
      await server.run(insert(), { n: 2, word: '00' })
      const add = statement(`UPDATE ${table()} SET word = REPLACE(word, '0', :mark) WHERE n = :n`)
      const first = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      let tries = 0
      const both = [1, 2].map((n, index) =>
        server.transaction(async (session) => {
          tries++
          await session.run(add, { n, mark: '0a' })
          first[index]?.resolve()
          await first[1 - index]?.promise
          await session.run(add, { n: 3 - n, mark: '0b' })
        }),
      )
      await Promise.all(both)
      expect(tries).toBe(3)
      const { rows: words } = await server.run<{ word: string }>(statement(`SELECT word FROM ${table()} ORDER BY n`))
      expect(words.map(({ word }) => word.split('').toSorted().join(''))).toEqual(['0ab', '00aabb'])
    })

    it('a conflict that the work has caught is not committed around', async () => {
      await server.run(insert(), { n: 1, word: '0' })
      const locked = Promise.withResolvers<void>()
      const done = Promise.withResolvers<void>()
      const lock = statement(`SELECT n FROM ${table()} WHERE n = 1 FOR UPDATE`)
      const holder = server.transaction(async (session) => {
        await session.run(lock)
        locked.resolve()
        await done.promise
      })
      await locked.promise
      let tries = 0
      const nowait = statement(`${lock.text} NOWAIT`)
      const careless = server.transaction(async (session) => {
        if (++tries === 3) done.resolve()
        if (tries > 3) await holder
        await session.run(insert(), { n: 10 + tries, word: String(tries) })
        await session.run(nowait).catch(() => undefined)
        await session.run(insert(), { n: 20 + tries, word: `${tries}.` }).catch(() => undefined)
      })
      await careless
      expect(tries).toBeGreaterThanOrEqual(3)
      expect(await rows()).toEqual([1, 10 + tries, 20 + tries])
    })

    it('a session is of no use after its transaction', async () => {
      const kept = await server.transaction((session) => Promise.resolve(session))
      await expect(kept.run(statement('SELECT 1'))).rejects.toThrow(/after its end/)
    })

    it("rule 9: the clock is the server's, whatever the time zone of the session", async () => {
      const zones =
        kind === 'postgres'
          ? ["SET LOCAL TIME ZONE 'Asia/Kathmandu'", "SET LOCAL DateStyle = 'German'"]
          : ["SET time_zone = '+05:45'"]
      const host = Date.now()
      expect(Math.abs((await server.now()) - host)).toBeLessThan(5_000)
      const elsewhere = await server.transaction(async (session) => {
        for (const zone of zones) await session.exec(zone)
        const { rows: clocks } = await session.run<{ ms: unknown; us: unknown }>(
          statement(`SELECT ${server.nowMs} AS ms, ${server.nowMicros} AS us`),
        )
        return clocks[0]
      })
      expect(Math.abs(integerOf(elsewhere?.ms) - host)).toBeLessThan(5_000)
      expect(Math.abs(integerOf(elsewhere?.us) / 1_000 - host)).toBeLessThan(5_000)
    })

    it('transactions read what was committed meanwhile, whatever the default isolation is', async () => {
      const seen = await server.transaction(async (session) => {
        const before = await session.run(statement(`SELECT n FROM ${table()}`))
        await server.run(insert(), { n: 5, word: 'five' })
        const after = await session.run(statement(`SELECT n FROM ${table()}`))
        return [before.rows.length, after.rows.length]
      })
      expect(seen).toEqual([0, 1])
      const frozen = await server.transaction(
        async (session) => {
          const before = await session.run(statement(`SELECT n FROM ${table()}`))
          await server.run(statement(`DELETE FROM ${table()}`))
          const after = await session.run(statement(`SELECT n FROM ${table()}`))
          return [before.rows.length, after.rows.length]
        },
        { isolation: 'repeatable read' },
      )
      expect(frozen).toEqual([1, 1])
    })
  })
})
