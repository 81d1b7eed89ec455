import { createScheduler, defineJob, type Scheduler } from '@escapement/core'
import { describeOnServers } from '@escapement/testkit/vitest'
import { createPool } from 'mysql2'
import { Pool } from 'pg'
import { afterAll, expect, it } from 'vitest'
import { dbStore, type StoreDb } from '../../src/index.ts'

/** Characters that quoting, encodings and pattern matching trip over; four bytes each in UTF-8 among them. */
const AWKWARD = `'"\`\\ \\\\ \n\t\u0001 %_* $1 ? :x {} [] -- /* */ ; é e\u0301 𝕏 🕰️ \uFEFF \u202E ﬀ ß \u00A0`
const LABEL = AWKWARD.replaceAll(/\s/g, '.').slice(0, 40)

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  const ends: (() => Promise<unknown>)[] = []
  afterAll(() => Promise.all(ends.splice(0).map((end) => end())))

  /** A pool whose sessions all begin with these settings. */
  const poolWith = (settings: readonly string[]): StoreDb => {
    if (kind === 'postgres') {
      const options = settings.map((setting) => `-c ${setting}`).join(' ')
      const pool = new Pool({ connectionString: url(), max: 4, options })
      ends.push(() => pool.end())
      return pool
    }
    const pool = createPool({ uri: url(), connectionLimit: 4 })
    pool.on('connection', (connection) => {
      for (const setting of settings) connection.query(`SET SESSION ${setting}`)
    })
    ends.push(() => pool.promise().end())
    return pool
  }

  it('every awkward character comes back as it was given, in input, output, error, key, principal, note and labels', async () => {
    const store = dbStore(poolWith([]))
    const echo = defineJob({
      name: 'echo',
      labels: [LABEL],
      concurrency: { key: () => AWKWARD, limit: 2 },
      run: ({ input }) => {
        if (input === 'throw') throw new Error(`${AWKWARD}\0`)
        return { back: input, nul: '\0', half: '\uD800' }
      },
    })
    const scheduler = createScheduler({ jobs: [echo], store })
    await scheduler.start()
    await scheduler.pause(echo, { by: `user:${AWKWARD}`, note: AWKWARD })
    const { items } = await scheduler.jobs({ labels: [LABEL] })
    expect(items[0]?.pause).toMatchObject({ by: `user:${AWKWARD}`, note: AWKWARD })
    await scheduler.resume(echo)
    const input = { [AWKWARD]: AWKWARD, nul: '\0', half: '\uD800' }
    const { id } = await scheduler.enqueue(echo, input, { key: AWKWARD, by: `user:${AWKWARD}` })
    const done = await scheduler.wait(id)
    expect(JSON.parse(done.output ?? '')).toEqual({ back: input, nul: '\0', half: '\uD800' })
    expect(done).toMatchObject({ key: AWKWARD, createdBy: `user:${AWKWARD}`, status: 'succeeded' })
    expect((await scheduler.executions({ key: AWKWARD })).items).toHaveLength(1)
    expect((await scheduler.executions({ search: '🕰️' })).items).toHaveLength(1)
    expect((await scheduler.executions({ search: '%_*' })).items).toHaveLength(1)
    expect((await scheduler.executions({ search: '%nothing_' })).items).toHaveLength(0)
    const again = await scheduler.enqueue(echo, 'other', { key: AWKWARD })
    expect(again).toMatchObject({ id, existing: true })
    const failed = await scheduler.wait((await scheduler.enqueue(echo, 'throw', {})).id)
    expect(failed.error?.message).toContain(AWKWARD)
    await scheduler.stop()
    await store.close()
  })

  it('an input and an output of nearly 1 MB of 4-byte characters pass whole', async () => {
    const store = dbStore(poolWith([]))
    const large = defineJob({ name: 'large', run: ({ input }) => ({ length: (input as string).length, text: input }) })
    const scheduler = createScheduler({ jobs: [large], store })
    await scheduler.start()
    const text = '🕰️𝕏'.repeat(Math.floor(1_000_000 / Buffer.byteLength('🕰️𝕏')))
    const { id } = await scheduler.enqueue(large, text)
    const { status, output, input } = await scheduler.wait(id)
    expect(status).toBe('succeeded')
    expect(JSON.parse(input ?? '')).toBe(text)
    expect(JSON.parse(output ?? '')).toEqual({ length: text.length, text })
    await scheduler.stop()
    await store.close()
  })

  it('sessions with any time zone, search path and isolation work on the same rows', async () => {
    const settings =
      kind === 'postgres'
        ? [
            ['TimeZone=Pacific/Chatham', 'DateStyle=SQL,DMY', 'default_transaction_isolation=serializable'],
            [
              'TimeZone=America/St_Johns',
              'IntervalStyle=sql_standard',
              'default_transaction_isolation=read\\ committed',
            ],
          ]
        : [
            ["time_zone = '+12:45'", "sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'", "tx_isolation = 'SERIALIZABLE'"],
            ["time_zone = '-03:30'", "sql_mode = ''", "tx_isolation = 'READ-COMMITTED'"],
          ]
    const ran: string[] = []
    const jobFor = (name: string) =>
      defineJob({ name: 'shared', run: ({ input }) => void ran.push(`${name} ${String(input)}`) })
    const stores = settings.map((each) => dbStore(poolWith(each)))
    const [first, second] = stores.map((store, index) =>
      createScheduler({ jobs: [jobFor(String(index))], store, instance: `zone-${index}` }),
    ) as [Scheduler, Scheduler]
    const schedulers = [first, second]
    for (const scheduler of schedulers) await scheduler.start()
    const enqueued = await Promise.all(
      Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? first : second).enqueue('shared', n, { key: `run-${n}` })),
    )
    for (const { id } of enqueued) expect(await first.wait(id)).toMatchObject({ status: 'succeeded' })
    expect(ran.map((line) => Number(line.split(' ')[1])).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, n) => n),
    )
    const [one, other] = await Promise.all(stores.map((store) => store.now()))
    expect(Math.abs((one ?? 0) - (other ?? 0))).toBeLessThan(5_000)
    for (const scheduler of schedulers) await scheduler.stop()
    for (const store of stores) await store.close()
  })
})
