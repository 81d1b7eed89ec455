import { dbMutex } from '@escapement/lock-db'
import { silentLogger } from '@escapement/testkit'
import { describeOnServers } from '@escapement/testkit/vitest'
import { expect, test } from 'vitest'
import { guardedReport, type ReportTables } from '../guarded-report.ts'
import { serverPool } from '../server-pools.ts'

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  test('rule 16: a guarded update refuses the holder that was overtaken', async () => {
    await using opened = serverPool<ReportTables>(kind, url())
    const { kysely: db, pool } = opened
    await using mutex = dbMutex(pool, { logger: silentLogger })
    const { body, write } = await guardedReport(db)
    // It is stopped, as a process may be, for longer than its lease lives.
    const first = await mutex.acquire('report', { ttl: 200, renew: false })
    const second = await mutex.acquire('report')

    expect(await write('by the first, in time', first.fence)).toBe(true)
    expect(await write('by the second', second.fence)).toBe(true)
    expect(await write('late, by the first', first.fence)).toBe(false)
    expect(await body()).toBe('by the second')
    expect(await write('by the second again', second.fence)).toBe(true)
    // Beyond what a double can tell apart.
    const [before, after] = [9_007_199_254_740_992n, 9_007_199_254_740_993n]
    expect(await write('far ahead', after)).toBe(true)
    expect(await write('one behind', before)).toBe(false)
  })
})
