import { execSync } from 'node:child_process'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { InvalidOptionError } from '@escapement/base'
import { expect, it } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { register, run } from './job-stage.ts'
import { temporaryFolder } from './temporary-folder.ts'

const folder = temporaryFolder()
let files = 0
const newFile = (): string => join(folder(), `store-${files++}.db`)

it('rule 22: a database in memory is refused and the memory store named', () => {
  expect(() => sqliteStore(':memory:')).toThrow(/memoryStore\(\)/)
})

it.each([
  [undefined, /sqliteStore is given no file; pass one, such as sqliteStore\("jobs.db"\)/],
  [{}, /sqliteStore is given no file/],
  [null, /its options are null/],
  ['', /file is ""/],
  [{ file: 'jobs.db', prefx: 'a_' }, /sqliteStore has no option "prefx"; did you mean "prefix"\?/],
  [{ file: 'jobs.db', migrate: 'never' }, /migrate is "never"; it is 'auto' or 'check'/],
  [{ open: 'jobs.db' }, /open is of type string/],
])('options that cannot be are refused and named: %j', (options, message) => {
  expect(() => sqliteStore(options as never)).toThrow(message)
  expect(() => sqliteStore(options as never)).toThrow(InvalidOptionError)
})

it('rule 8: tables that are too new are refused, typed, and nothing is changed', async () => {
  const file = newFile()
  const store = sqliteStore(file)
  await store.open()
  await store.close()
  const database = new DatabaseSync(file)
  database.exec('UPDATE escapement_schema SET version = 99, min_compatible = 99')
  database.close()
  await expect(sqliteStore(file).open()).rejects.toMatchObject({ code: 'ERR_STORE_INCOMPATIBLE', retryable: false })
})

it.each(['escapement_', 'other_'])(
  'rule 8: migrate check refuses an empty file and names a command that makes the tables %s',
  async (prefix) => {
    const options = { file: newFile(), prefix, migrate: 'check' } as const
    const refused = sqliteStore(options)
    const error = await refused.open().catch((caught: unknown) => caught)
    await refused.close()
    expect(error).toMatchObject({ code: 'ERR_STORE_INCOMPATIBLE' })
    const [, command] = (error as Error).message.split('\n')
    expect(command).toMatch(/^node /)
    execSync(command as string, { cwd: join(import.meta.dirname, '..') })
    const checked = sqliteStore(options)
    await checked.open()
    await register(checked, 'n', 'i')
    await checked.close()
  },
  30_000,
)

it('a locked database is a store that is unavailable for now', async () => {
  const file = newFile()
  const store = sqliteStore({ file, busyTimeout: '50ms' })
  await store.open()
  await register(store, 'n', 'i')
  const other = new DatabaseSync(file)
  other.exec('BEGIN IMMEDIATE')
  await expect(store.enqueue('n', [run()])).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', retryable: true })
  other.exec('ROLLBACK')
  other.close()
  expect((await store.enqueue('n', [run()])).length).toBe(1)
  await store.close()
})

it('an absent folder is refused when the store opens; opening again works once it exists', async () => {
  const file = join(newFile(), 'jobs.db')
  await expect(sqliteStore(file).open()).rejects.toThrow(/its folder must exist/)
})

it('two stores with different prefixes share a file and nothing else', async () => {
  const file = newFile()
  const one = sqliteStore({ file, prefix: 'one_' })
  const two = sqliteStore({ file, prefix: 'two_' })
  for (const store of [one, two]) await store.open()
  await register(one, 'n', 'i')
  await one.enqueue('n', [run()])
  expect([await one.countExecutions('n', {}, 5), await two.countExecutions('n', {}, 5)]).toEqual([1, 0])
  for (const store of [one, two]) await store.close()
})

it('rule 15: a heartbeat gives back what was claimed under a reply that was lost', async () => {
  const store = sqliteStore(newFile())
  await store.open()
  await register(store, 'n', 'i')
  await store.enqueue('n', [run(), run(), run()])
  const claim = (token: number, slots: number, prefetch: number) =>
    store.claim('n', {
      instance: 'i',
      token,
      isRepeat: false,
      aheadMs: 0,
      queues: [{ queue: 'default', slots, prefetch }],
      handlers: new Set(['job']),
    })
  const lost = await claim(1, 1, 1)
  const known = await claim(2, 1, 0)
  const holding = known.executions.map(({ id, fence }) => ({ executionId: id, fence }))
  const beat = await store.heartbeat('n', { instance: 'i', leaseMs: 60_000, holding, claimedUpTo: 2 })
  expect([beat.isAlive, beat.lost]).toEqual([true, []])
  const states = await Promise.all(lost.executions.map(async ({ id }) => (await store.execution('n', id))?.execution))
  expect(states.map((state) => [state?.status, state?.attempt, state?.interruptions])).toEqual([
    ['scheduled', 1, 1], // it may have started
    ['scheduled', 0, 0],
  ])
  await store.close()
})
