import { InvalidOptionError } from '@escapement/base'
import { createScheduler, defineJob, memoryStore, type Scheduler, UnsupportedError } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, MINUTE, START } from './cluster.ts'

const job = defineJob({ name: 'work', overlap: 'allow', run: () => undefined })

test('a misspelt or unusable option of createScheduler is refused and named', () => {
  const halfAStore = { ...memoryStore(), settle: undefined }
  const cases: readonly [options: unknown, message: RegExp][] = [
    [undefined, /createScheduler: its options are of type undefined; pass an object with jobs/],
    [{ jobs: [], stores: memoryStore() }, /no option "stores"; did you mean "store"\?/],
    [{ jobs: [], elephant: 1 }, /no option "elephant"; it takes jobs, store/],
    [{ jobs: [], toString: 1 }, /no option "toString"/],
    [{ jobs: [job, { name: 'raw', run: () => 1 }] }, /jobs\[1\] is not what defineJob returns/],
    [{ jobs: [null] }, /jobs\[0\]/],
    [{ jobs: [], store: 'jobs.db' }, /store is no job store/],
    [{ jobs: [], store: null }, /store is no job store/],
    [{ jobs: [], store: halfAStore }, /it has no settle/],
    [{ jobs: [], logger: { info: () => undefined } }, /logger has no function debug/],
    [{ jobs: [], logger: null }, /logger has no function/],
    [{ jobs: [], queues: [] }, /queues is no object/],
    [
      { jobs: [], queues: { mail: { concurency: 1 } } },
      /queues.mail has no option "concurency"; did you mean "concurrency"/,
    ],
    [{ jobs: [], queues: { mail: 5 } }, /queues.mail: its options are of type number/],
    [{ jobs: [], accept: { queue: ['mail'] } }, /accept has no option "queue"; did you mean "queues"/],
    [{ jobs: [], accept: { queues: 'mail' } }, /accept.queues is "mail"; it must be an array of strings/],
    [{ jobs: [], accept: { labels: [1] } }, /accept.labels\[0\] is 1/],
    [{ jobs: [], roles: [] }, /roles is empty/],
    [{ jobs: [], roles: ['plam'] }, /roles\[0\] is "plam".*did you mean "plan"/],
    [{ jobs: [], roles: 'run' }, /roles is "run"; it must be an array/],
    [{ jobs: [], redact: 'password' }, /redact is "password"/],
  ]
  for (const [options, message] of cases) {
    expect(() => createScheduler(options as never)).toThrow(InvalidOptionError)
    expect(() => createScheduler(options as never)).toThrow(message)
  }
})

test('a misspelt or unusable argument of a method is refused and named, and nothing is done', async () => {
  await using cluster = new Cluster()
  const { scheduler: checked } = await cluster.start({ jobs: [job] })
  const { id } = await checked.enqueue(job, 1, { delay: '1h' })
  // Plain JavaScript passes anything.
  const scheduler = checked as unknown as Record<keyof Scheduler, (...values: unknown[]) => Promise<unknown>>
  const range = { from: START, to: START + MINUTE }
  const cases: readonly [method: keyof Scheduler, values: readonly unknown[], message: RegExp][] = [
    ['enqueue', [undefined], /job is undefined/],
    ['enqueue', [''], /job is ""/],
    ['enqueue', [job, 1, { dealy: '1h' }], /no option "dealy"; did you mean "delay"/],
    ['enqueue', [job, 1, null], /options are null/],
    ['enqueue', [job, 1, { ifOpen: 'drop' }], /ifOpen is "drop"; it is one of wait, skip/],
    ['enqueue', [job, 1, { key: 'a\uD800' }], /key is "a\\ud800".*surrogate/],
    ['enqueue', [job, 1, { key: 'a\0b' }], /key is "a\\u0000b"; it holds the character U\+0000/],
    ['enqueue', [job, 1, { by: 'user:\0' }], /by is "user:\\u0000"; it holds/],
    ['pause', [job, { note: '\uDC00' }], /note is .*surrogate/],
    ['executions', [{ search: '\0' }], /filter.search is .*U\+0000/],
    ['executions', [{ jobs: ['\0'] }], /filter.jobs\[0\] is .*U\+0000/],
    ['enqueueMany', [job, 'ab'], /inputs is not an array/],
    ['enqueueMany', [job, [1, 2], { key: 'k' }], /enqueueMany is given a key/],
    ['enqueueMany', [job, [1, 2], { prio: 1 }], /no option "prio"/],
    ['pause', [job, { untl: 1 }], /did you mean "until"/],
    ['pause', [job, { note: 5 }], /note is of type number/],
    ['pause', [7], /job is 7/],
    ['resume', [job, { note: '' }], /resume has no option "note"/],
    ['resume', [null], /job is null/],
    ['pauseQueue', [''], /queue is ""/],
    ['resumeQueue', [undefined], /queue is undefined/],
    ['retire', [job, { bye: 'me' }], /did you mean "by"/],
    ['retire', [{}], /job is undefined/],
    ['pause', ['escapement.retention'], /belongs to Escapement itself/],
    ['resume', ['escapement.retention'], /belongs to Escapement itself/],
    ['retire', ['escapement.retention'], /belongs to Escapement itself/],
    ['cancel', [undefined], /execution id is undefined/],
    ['cancel', [id, { reason: 'x' }], /cancel has no option "reason"/],
    ['retry', [''], /execution id is ""/],
    ['execution', [{}], /execution id is an object/],
    ['wait', [undefined], /execution id is undefined/],
    ['wait', [id, { timout: '1s' }], /did you mean "timeout"/],
    ['executions', [{ job: 'work' }], /no field "job"; did you mean "jobs"/],
    ['executions', [{ jobs: 'work' }], /filter.jobs is "work"; it must be an array of strings/],
    ['executions', [{ statuses: ['faild'] }], /did you mean "failed"/],
    ['executions', [{ origins: ['cron'] }], /filter.origins\[0\] is "cron"/],
    ['executions', [{ search: 'x'.repeat(201) }], /filter.search has 201 characters/],
    ['executions', [{ search: 5 }], /filter.search is a number/],
    ['executions', [{ from: 'yesterday' }], /filter.from is 'yesterday'/],
    ['executions', [{}, { limit: 501 }], /limit is 501/],
    ['executions', [{}, { limt: 5 }], /did you mean "limit"/],
    ['executions', [{}, { cursor: 5 }], /cursor is 5/],
    ['executions', [{}, { order: 'asc' }], /order is "asc"; it is one of newest, oldest/],
    ['countExecutions', [{ job: 'work' }], /did you mean "jobs"/],
    ['countExecutions', [{}, 0], /cap is 0/],
    ['countExecutions', [{}, 1_000_001], /cap is 1000001/],
    ['jobs', [{ jobs: ['work'] }], /the filter of jobs has no field "jobs"/],
    ['jobs', [{ names: 'work' }], /filter.names is "work"/],
    ['jobs', [{ includeSystem: 'yes' }], /filter.includeSystem is "yes"/],
    ['stats', [{ ...range, job: '' }], /job is ""/],
    ['stats', [{ ...range, jobs: ['work'] }], /did you mean "job"/],
    ['stats', [undefined], /stats: its options are of type undefined/],
    ['ticks', [job], /ticks: its options are of type undefined/],
    ['ticks', [job, { ...range, limit: 10_001 }], /limit is 10001/],
    ['ticks', ['', range], /job is ""/],
    ['backfill', [job, { ...range, forced: true }], /did you mean "force"/],
    ['backfill', [job, { ...range, force: 'no' }], /force is "no"/],
    ['backfill', [undefined, range], /job is undefined/],
    ['bulk', ['cancel', { job: ['work'] }], /did you mean "jobs"/],
    ['bulk', ['cancel', { jobs: undefined }], /filter.jobs is undefined/],
    ['bulk', ['cancel'], /the filter of executions: its fields are of type undefined/],
    ['bulk', ['delete', {}], /kind is "delete"; it is one of cancel, retry, pause/],
    ['bulkAction', [undefined], /bulk action id is undefined/],
    ['abortBulk', [5], /bulk action id is 5/],
    ['stop', [{ garce: '1s' }], /did you mean "grace"/],
  ]
  for (const [method, values, message] of cases) {
    const error = await scheduler[method](...values).catch((caught: unknown) => caught)
    expect([method, values, error]).toEqual([method, values, expect.any(InvalidOptionError)])
    expect((error as Error).message).toMatch(message)
  }
  expect(await checked.countExecutions({ jobs: ['work'] })).toBe(1)
  expect((await checked.execution(id))?.execution.status).toBe('scheduled')
  expect((await checked.jobs()).items).toMatchObject([{ name: 'work', pause: null, retiredAt: null }])
})

test('a filter takes a Date as well as Unix milliseconds', async () => {
  await using cluster = new Cluster()
  const { scheduler } = await cluster.start({ jobs: [job] })
  await scheduler.enqueue(job, 1, { at: START + MINUTE })
  const before = { jobs: ['work'], to: new Date(START + MINUTE) as unknown as number }
  const after = { jobs: ['work'], from: new Date(START + MINUTE) as unknown as number }
  expect([await scheduler.countExecutions(before), await scheduler.countExecutions(after)]).toEqual([0, 1])
})

test('a scheduler that was stopped says so, typed, when it is started again', async () => {
  const scheduler = createScheduler({ jobs: [job] })
  await scheduler.stop()
  await expect(scheduler.start()).rejects.toThrow(UnsupportedError)
})
