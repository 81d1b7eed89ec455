/**
 * One instance of a rolling deploy, run in a project that has a version of the packages:
 * `node rolling-instance.ts <name> <auto | check>` with `DATABASE_URL`. Says `up` when it takes work; SIGTERM stops it.
 */
import { createScheduler, defineJob, every } from '@escapement/core'
import { dbStore } from '@escapement/store-db'
import { createPool } from 'mysql2'
import { Pool } from 'pg'

const [name = '', migrate = 'auto'] = process.argv.slice(2)
const url = process.env['DATABASE_URL'] ?? ''
const postgres = url.startsWith('postgres') ? new Pool({ connectionString: url }) : null
const mysql = postgres === null ? createPool({ uri: url }) : null

const jobs = Array.from({ length: 10 }, (_, n) =>
  defineJob({ name: `rolling.${n}`, trigger: every('1s'), overlap: 'allow', misfire: 'all', run: () => name }),
)
const store = dbStore((postgres ?? mysql) as Pool, { migrate: migrate as 'auto' | 'check' })
const scheduler = createScheduler({ jobs, store, instance: name, lease: '5s', horizon: '5s', concurrency: 3 })
await scheduler.start()
console.log('up')
process.once('SIGTERM', () => {
  void (async () => {
    await scheduler.stop()
    await store.close()
    await postgres?.end()
    await mysql?.promise().end()
  })()
})
