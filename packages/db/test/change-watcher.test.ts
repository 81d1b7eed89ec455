import { type Runtime, systemRuntime } from '@escapement/base'
import { expect, it } from 'vitest'
import { ChangeWatcher } from '../src/sqlite/change-watcher.ts'

/** A file whose version is set by hand, and a runtime whose repeated calls come by hand. */
function watched() {
  const file: { version: number | undefined; looks: number } = { version: 1, looks: 0 }
  const repeating: { readonly ms: number; readonly callback: () => void }[] = []
  const runtime: Runtime = {
    ...systemRuntime,
    repeat: (ms, callback) => {
      const entry = { ms, callback }
      repeating.push(entry)
      return { [Symbol.dispose]: () => void repeating.splice(repeating.indexOf(entry), 1) }
    },
  }
  const watcher = new ChangeWatcher(runtime, () => {
    file.looks++
    return file.version
  })
  const look = (): void => repeating.forEach(({ callback }) => callback())
  return { file, watcher, look, periods: () => repeating.map(({ ms }) => ms) }
}

it('rule 22: while anyone listens the file is looked at each 50 ms, once for all, and then no more', () => {
  const { file, watcher, look, periods } = watched()
  expect(periods()).toEqual([])
  const first = watcher.subscribe(() => undefined)
  const second = watcher.subscribe(() => undefined)
  expect(periods()).toEqual([50])
  const { looks } = file
  look()
  expect(file.looks).toBe(looks + 1)
  first[Symbol.dispose]()
  expect(periods()).toEqual([50])
  second[Symbol.dispose]()
  expect(periods()).toEqual([])
  using again = watcher.subscribe(() => undefined)
  expect([again !== undefined, periods()]).toEqual([true, [50]])
  watcher.close()
  expect(periods()).toEqual([])
})

it('rule 22: all that listen hear of a change once, by the look that finds it', () => {
  const { file, watcher, look } = watched()
  const heard: string[] = []
  watcher.subscribe(() => heard.push('first'))
  watcher.subscribe(() => heard.push('second'))
  look()
  expect(heard).toEqual([])
  file.version = 2
  look()
  look()
  expect(heard).toEqual(['first', 'second'])
})

it('rule 22: what was changed while a look was not possible is heard of by the next one', () => {
  const { file, watcher, look } = watched()
  let heard = 0
  watcher.subscribe(() => heard++)
  file.version = undefined
  look()
  expect(heard).toBe(0)
  file.version = 2
  look()
  expect(heard).toBe(1)
})
