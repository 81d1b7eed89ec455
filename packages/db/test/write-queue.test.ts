import { systemRuntime } from '@escapement/base'
import { afterEach, expect, it } from 'vitest'
import { openSqlite, type SqliteDatabase } from '../src/index.ts'
import { temporaryFiles } from './temporary-folder.ts'

const newFile = temporaryFiles()
let database: SqliteDatabase
let clockMs = 0

/** A write that takes `ms` by the clock that the queue reads. */
const lasting = (ms: number): Promise<void> => database.write(() => void (clockMs += ms))

async function open(): Promise<void> {
  database = openSqlite({ file: newFile(), runtime: { ...systemRuntime, monotonic: () => clockMs } })
  await database.open()
}

afterEach(() => database.close())

it('rule 22: no write joins a transaction that has run for some milliseconds', async () => {
  await open()
  const before = database.statistics()
  await Promise.all(Array.from({ length: 8 }, () => lasting(2)))
  const after = database.statistics()
  expect(after.operations - before.operations).toBe(8)
  expect(after.transactions - before.transactions).toBe(4)
  expect(after.longestBodyMs).toBe(4)
})

it('rule 22: a write is told when its transaction has no more time, whatever went before it', async () => {
  await open()
  const steps = (): Promise<number> =>
    database.write((_session, hasTime) => {
      let done = 0
      while (hasTime()) {
        clockMs++
        done++
      }
      return done
    })
  expect(await Promise.all([lasting(1), steps()])).toEqual([undefined, 3])
  expect(await steps()).toBe(4)
})

it('rule 22: the event loop turns between transactions that follow each other', async () => {
  await open()
  const turns = countTurns()
  const seen: number[] = []
  for (let n = 0; n < 4; n++) {
    await lasting(1)
    seen.push(turns.count())
  }
  turns.stop()
  for (const [n, turn] of seen.entries()) expect(turn).toBeGreaterThan(seen[n - 1] ?? -1)
})

it('short writes that follow each other need no turn of the event loop', async () => {
  await open()
  await lasting(0)
  const turns = countTurns()
  const before = turns.count()
  for (let n = 0; n < 10; n++) await lasting(0.09)
  turns.stop()
  expect(turns.count()).toBe(before)
})

/** Counts how often the event loop has been through all that waits in it. */
function countTurns(): { readonly count: () => number; readonly stop: () => void } {
  let count = 0
  let next = setImmediate(turn)
  function turn(): void {
    count++
    next = setImmediate(turn)
  }
  return { count: () => count, stop: () => clearImmediate(next) }
}
