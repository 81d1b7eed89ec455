import { stat } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { virtualRuntime, VirtualTimeError } from '../../src/index.ts'

describe('virtualRuntime', () => {
  it('ends sleeps in the order of their instants, each at its own time', async () => {
    const runtime = virtualRuntime({ startAt: 1_000 })
    const seen: [string, number][] = []
    const note = (name: string, ms: number): Promise<void> =>
      runtime.sleep(ms).then(() => void seen.push([name, runtime.now()]))
    void note('late', 2_000)
    void note('early', 500).then(() => note('chained', 700))
    await runtime.advance('3s')
    expect(seen).toEqual([
      ['early', 1_500],
      ['chained', 2_200],
      ['late', 3_000],
    ])
    expect(runtime.now()).toBe(4_000)
  })

  it('settles promise chains of any length, and those that take turns of the event loop, before time goes on', async () => {
    const runtime = virtualRuntime({ startAt: 0 })
    let settledAt = -1
    void runtime.sleep(10).then(async () => {
      for (let link = 0; link < 10_000; link++) await Promise.resolve()
      settledAt = runtime.now()
    })
    void runtime.sleep(11)
    await runtime.advance(20)
    expect(settledAt).toBe(10)
  })

  it('ends a sleep early when its signal aborts, also before it began', async () => {
    const runtime = virtualRuntime()
    const controller = new AbortController()
    const sleep = runtime.sleep(1_000, controller.signal)
    controller.abort(new Error('enough'))
    await expect(sleep).rejects.toThrow('enough')
    await expect(runtime.sleep(1, controller.signal)).rejects.toThrow('enough')
    expect(runtime.pendingSleeps).toBe(0)
  })

  it('counts the sleeps that would keep a process alive apart', async () => {
    const runtime = virtualRuntime()
    void runtime.sleep(5, undefined, { keepAlive: false })
    void runtime.sleep(5)
    expect([runtime.pendingSleeps, runtime.keepAliveSleeps]).toEqual([2, 1])
    await runtime.advance(5)
    expect([runtime.pendingSleeps, runtime.keepAliveSleeps]).toEqual([0, 0])
  })

  it('repeats numbers and ids for the same seed; ids are unique and sort by age', async () => {
    const draw = async (seed: number): Promise<unknown[]> => {
      const runtime = virtualRuntime({ seed })
      const ids = [runtime.id(), runtime.id()]
      await runtime.advance('1h')
      ids.push(runtime.node().id())
      expect(ids).toEqual(ids.toSorted())
      expect(new Set(ids).size).toBe(3)
      return [...ids, runtime.random(), runtime.random(), runtime.node().random()]
    }
    expect(await draw(3)).toEqual(await draw(3))
    expect((await draw(3)).slice(3)).not.toEqual((await draw(4)).slice(3))
  })

  it('steps the wall clock of one node alone, and no monotonic clock', async () => {
    const runtime = virtualRuntime({ startAt: 0 })
    const node = runtime.node({ offsetMs: 250 })
    await runtime.advance(1_000)
    node.stepWallClock(-3_600_000)
    expect([runtime.now(), node.now(), node.monotonic()]).toEqual([1_000, 1_250 - 3_600_000, 1_000])
    await runtime.advanceTo(5_000)
    expect(node.monotonic()).toBe(5_000)
  })

  it('lets the clocks of a drifting node run at their own rate, its sleeps included', async () => {
    const runtime = virtualRuntime({ startAt: 0 })
    const fast = runtime.node({ driftPpm: 1_000 })
    let wokeAt = 0
    void fast.sleep(10_010).then(() => void (wokeAt = runtime.now()))
    await runtime.advance('20s')
    expect(fast.now()).toBe(20_020)
    expect(wokeAt).toBe(10_000)
    expect(fast.monotonic()).toBe(20_020)
  })

  it('wakes nothing on a paused node, and at once what fell due when it goes on', async () => {
    const runtime = virtualRuntime({ startAt: 0 })
    const node = runtime.node()
    const woke: number[] = []
    void node.sleep(10).then(() => void woke.push(runtime.now()))
    void node.sleep(500).then(() => void woke.push(runtime.now()))
    node.pause()
    await runtime.advance(100)
    expect(woke).toEqual([])
    expect(node.pendingSleeps).toBe(2)
    node.resume()
    await runtime.advance(1_000)
    expect(woke).toEqual([100, 500])
  })

  it('repeats a call at its instants until it is disposed of, without keeping a process alive', async () => {
    const runtime = virtualRuntime({ startAt: 0 })
    const calledAt: number[] = []
    const repeating = runtime.repeat(50, () => {
      calledAt.push(runtime.now())
      if (calledAt.length === 3) repeating[Symbol.dispose]()
    })
    expect(runtime.keepAliveSleeps).toBe(0)
    await runtime.advance(1_000)
    expect(calledAt).toEqual([50, 100, 150])
    expect(runtime.pendingSleeps).toBe(0)
  })

  it('repeats nothing that was disposed of at the very instant', async () => {
    const runtime = virtualRuntime({ startAt: 0 })
    let calls = 0
    void runtime.sleep(50).then(() => repeating[Symbol.dispose]())
    const repeating = runtime.repeat(50, () => calls++)
    await runtime.advance(1_000)
    expect(calls).toBe(0)
  })

  it('calls once on a paused node that goes on, however many calls were missed', async () => {
    const runtime = virtualRuntime({ startAt: 0 })
    const node = runtime.node()
    const calledAt: number[] = []
    node.repeat(50, () => void calledAt.push(runtime.now()))
    node.pause()
    await runtime.advance(220)
    node.resume()
    await runtime.advance(100)
    expect(calledAt).toEqual([220, 270, 320])
  })

  it('drops a sleep that is aborted while its node is paused', async () => {
    const runtime = virtualRuntime()
    const node = runtime.node()
    const controller = new AbortController()
    node.pause()
    const sleep = node.sleep(10, controller.signal)
    await runtime.advance(20)
    controller.abort(new Error('over'))
    await expect(sleep).rejects.toThrow('over')
    node.resume()
    expect(node.pendingSleeps).toBe(0)
  })

  it('runs just until a promise has settled or a condition holds, and hands over what it came to', async () => {
    const runtime = virtualRuntime({ startAt: 0 })
    expect(await runtime.runUntil(runtime.sleep(40).then(() => 'done'))).toBe('done')
    expect(runtime.now()).toBe(40)
    void runtime.sleep(60)
    expect(await runtime.runUntil(() => runtime.now() >= 100)).toBe(true)
    await expect(runtime.runUntil(Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  })

  it('says so when what is waited for cannot come, or not in time', async () => {
    const runtime = virtualRuntime()
    await expect(runtime.runUntil(() => false)).rejects.toThrow(VirtualTimeError)
    void runtime.sleep(100_000)
    await expect(runtime.runUntil(() => false, '10s')).rejects.toThrow('10000 ms')
  })

  it('refuses two movers at once', async () => {
    const runtime = virtualRuntime()
    const first = runtime.advance(10)
    await expect(runtime.advance(10)).rejects.toThrow(VirtualTimeError)
    await first
  })

  it('lets no time pass while real work is held, nor while what follows from it holds more', async () => {
    const runtime = virtualRuntime({ startAt: 0 })
    const seen: number[] = []
    const lookUp = (): Promise<unknown> => runtime.hold(stat(import.meta.filename)) // takes real time
    void runtime.sleep(10).then(async () => {
      for (let call = 0; call < 5; call++) await lookUp()
      seen.push(runtime.now())
      await runtime.hold(Promise.reject(new Error('refused'))).catch(() => lookUp())
      seen.push(runtime.now())
    })
    void runtime.sleep(11)
    await runtime.advance(20)
    expect(seen).toEqual([10, 10])
    expect(await runtime.runUntil(lookUp().then(() => runtime.now()))).toBe(20)
  })

  it('keeps no memory of aborted sleeps and is fast', async () => {
    const runtime = virtualRuntime({ yieldEvery: 64 })
    const never = new AbortController()
    for (let round = 0; round < 20_000; round++) {
      const controller = new AbortController()
      runtime.sleep(1_000_000, controller.signal).catch(() => undefined)
      controller.abort(never)
    }
    let woke = 0
    void (async () => {
      for (;;) {
        await runtime.sleep(1_000)
        woke++
      }
    })()
    await runtime.advance(100_000_000)
    expect(woke).toBe(100_000)
    expect(runtime.pendingSleeps).toBe(1)
  })
})
