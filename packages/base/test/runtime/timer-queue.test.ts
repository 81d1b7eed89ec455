import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { TimerQueue } from '@escapement/base'
import { virtualRuntime } from '@escapement/testkit'
import { describe, expect, it } from 'vitest'

/** Bytes on the heap that something still holds. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

describe('TimerQueue', () => {
  it('fires timers in the order of their instants, and of their setting where those agree', async () => {
    const runtime = virtualRuntime()
    const timers = new TimerQueue(runtime)
    const fired: string[] = []
    for (const [name, delayMs] of [
      ['c', 30],
      ['a', 10],
      ['b1', 20],
      ['b2', 20],
      ['d', 31],
    ] as const) {
      timers.after(delayMs, () => fired.push(`${name}@${runtime.monotonic()}`))
    }
    const startedAt = runtime.monotonic()
    const at = (delayMs: number): number => startedAt + delayMs
    await runtime.advance(30)
    expect(fired).toEqual([`a@${at(10)}`, `b1@${at(20)}`, `b2@${at(20)}`, `c@${at(30)}`])
    expect(timers.size).toBe(1)
  })

  it('keeps one sleep of the runtime, however many timers are pending', async () => {
    const runtime = virtualRuntime()
    const timers = new TimerQueue(runtime)
    for (let delayMs = 1_000; delayMs > 0; delayMs--) timers.after(delayMs, () => undefined)
    await runtime.settle()
    expect(runtime.pendingSleeps).toBe(1)
    timers.close()
    await runtime.settle()
    expect(runtime.pendingSleeps).toBe(0)
  })

  it('never calls a timer that was cancelled, also by another one of the same instant', async () => {
    const runtime = virtualRuntime()
    const timers = new TimerQueue(runtime)
    const fired: string[] = []
    const second = timers.after(10, () => fired.push('second'))
    timers.after(5, () => {
      fired.push('first')
      second.cancel()
      second.cancel()
    })
    const twin = timers.after(20, () => twinOfTwin.cancel())
    const twinOfTwin = timers.after(20, () => fired.push('twin'))
    await runtime.advance(50)
    expect(fired).toEqual(['first'])
    expect(timers.size).toBe(0)
    twin.cancel()
    expect(timers.size).toBe(0)
  })

  it('lets a timer set another one, also for now', async () => {
    const runtime = virtualRuntime()
    const timers = new TimerQueue(runtime)
    const fired: number[] = []
    timers.after(10, () => {
      fired.push(1)
      timers.after(0, () => fired.push(2))
      timers.after(-5, () => fired.push(3))
    })
    await runtime.advance(10)
    expect(fired).toEqual([1, 2, 3])
  })

  it('forgets cancelled timers long before they are due', async () => {
    const runtime = virtualRuntime()
    const timers = new TimerQueue(runtime)
    timers.after(3_600_000, () => undefined)
    const before = usedBytes()
    for (let index = 0; index < 300_000; index++) timers.after(3_600_000, () => undefined).cancel()
    expect(usedBytes() - before).toBeLessThan(5_000_000)
    expect(timers.size).toBe(1)
  })

  it('fires the timers that are left when a callback throws', async () => {
    const runtime = virtualRuntime()
    const timers = new TimerQueue(runtime)
    const fired: number[] = []
    const failures: unknown[] = []
    const onFailure = (error: unknown): void => void failures.push(error)
    process.on('unhandledRejection', onFailure)
    const others = process.listeners('unhandledRejection').filter((listener) => listener !== onFailure)
    for (const listener of others) process.off('unhandledRejection', listener)
    timers.after(10, () => {
      throw new Error('from a callback')
    })
    timers.after(10, () => fired.push(1))
    timers.after(20, () => fired.push(2))
    await runtime.advance(30)
    process.off('unhandledRejection', onFailure)
    for (const listener of others) process.on('unhandledRejection', listener)
    expect(fired).toEqual([1, 2])
    expect(failures.map(String)).toEqual(['Error: from a callback'])
  })

  it('ignores timers that are set after it was closed', async () => {
    const runtime = virtualRuntime()
    const fired: number[] = []
    let timers: TimerQueue
    {
      using scoped = new TimerQueue(runtime)
      timers = scoped
      timers.after(5, () => fired.push(1))
    }
    timers.after(5, () => fired.push(2)).cancel()
    await runtime.advance(10)
    expect(fired).toEqual([])
    expect(timers.size).toBe(0)
  })

  it('tells how late its timers fired, for one to two minutes', async () => {
    const runtime = virtualRuntime()
    const timers = new TimerQueue(runtime)
    timers.after(100, () => undefined)
    runtime.pause()
    await runtime.advance(400)
    runtime.resume()
    await runtime.advance(0)
    expect(timers.longestDelayMs()).toBe(300)
    await runtime.advance('59s')
    expect(timers.longestDelayMs()).toBe(300)
    await runtime.advance('5m')
    expect(timers.longestDelayMs()).toBe(0)
  })
})
