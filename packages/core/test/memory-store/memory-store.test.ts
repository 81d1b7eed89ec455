import { StoreStage, virtualRuntime } from '@escapement/testkit'
import { beforeEach, describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/index.ts'
import { FenceTable } from '../../src/memory-store/fence-table.ts'
import { Fifo } from '../../src/memory-store/fifo.ts'
import { SettledMemory } from '../../src/memory-store/settled-memory.ts'

const DAY = 86_400_000

describe('memoryStore', () => {
  let stage: StoreStage

  beforeEach(() => {
    const runtime = virtualRuntime()
    stage = new StoreStage(memoryStore({ runtime }), runtime)
  })

  it('needs no runtime and says what it can do', async () => {
    const store = memoryStore()
    expect(store.capabilities).toEqual({ shared: false, transactions: false, notify: true })
    expect(Math.abs((await store.now()) - Date.now())).toBeLessThan(5_000)
    await store[Symbol.asyncDispose]()
  })

  it('gives snapshots: what was read does not change afterwards', async () => {
    await stage.job()
    await stage.instance('a')
    const { id } = await stage.enqueue()
    const [state, before] = [await stage.state('report'), await stage.found(id)]
    await stage.settle('a', await stage.claimOne('a'))
    await stage.store.plan(stage.namespace, [await stage.entry('report', { plannedUntil: stage.now() + 1 })])
    expect(before.execution.status).toBe('scheduled')
    expect(before.attempts).toEqual([])
    expect((await stage.state('report')).plannedUntil).toBe(state.plannedUntil + 1)
  })

  it('hints once for all changes of one turn', async () => {
    await stage.job()
    let hints = 0
    const listener = (): void => void hints++
    const first = stage.store.subscribe(stage.namespace, listener)
    const second = stage.store.subscribe(stage.namespace, listener)
    const other = stage.store.subscribe('other', listener)
    await Promise.all([stage.enqueue(), stage.enqueue(), stage.enqueue()])
    expect(hints).toBe(2)
    for (const subscription of [first, second, other]) subscription[Symbol.dispose]()
  })

  it('rule 13: tells when a pause ends that holds due work back', async () => {
    await stage.job()
    await stage.instance('a')
    await stage.plan('report', [stage.now() + 1_000])
    await stage.pass(1_000)
    await stage.claim('a', { slots: 0 })
    const until = stage.now() + 5_000
    const pause = { from: stage.now() + 1, until, by: null, note: null }
    await stage.store.setPauses(stage.namespace, { kind: 'job', name: 'report' }, [], [pause])
    await stage.pass(10)
    const { executions, nextDueAt } = await stage.claimResult('a')
    expect([executions, nextDueAt]).toEqual([[], until])
  })

  it('rule 7: retiring takes back the ticks that were planned ahead, and no others', async () => {
    await stage.job()
    await stage.instance('a')
    const at = stage.now()
    const [due, ahead] = await stage.plan('report', [at + 1_000, at + 10_000])
    await stage.pass(2_000)
    await stage.store.retire(stage.namespace, 'report')
    expect(await stage.isGone(ahead ?? '')).toBe(true)
    expect((await stage.claimOne('a')).id).toBe(due)
  })

  it('rule 4: a tick that is filled and folded again lies beside the span that it was taken from', async () => {
    await stage.job({ history: 'none' })
    await stage.instance('a', { leaseMs: DAY })
    const at = stage.now()
    const span = { job: 'report', revision: 1, from: at + 1_000, to: at + 3_000, count: 3, reason: 'misfire' } as const
    const entry = await stage.entry('report', { spans: [span], plannedUntil: at + 3_000 })
    await stage.store.plan(stage.namespace, [entry])
    await stage.pass(10_000)
    const fill = (second: number): Promise<number> => {
      const tick = stage.tick(at + second * 1_000, { origin: 'backfill', isJudged: true })
      return stage.store.backfill(stage.namespace, { job: 'report', executions: [tick] })
    }
    expect(await fill(2)).toBe(1)
    await stage.settle('a', await stage.claimOne('a'))
    expect((await stage.spans()).map(({ count, reason }) => [count, reason])).toEqual([
      [2, 'misfire'],
      [1, 'succeeded'],
    ])
    expect(await fill(2)).toBe(0)
    expect(await fill(3)).toBe(1)
  })

  it('refuses a cursor that it did not give', async () => {
    const page = stage.store.executions(stage.namespace, {}, { limit: 1, cursor: 'nonsense' })
    await expect(page).rejects.toThrow("cursor is 'nonsense'")
  })
})

describe('FenceTable', () => {
  it('rule 16: fences grow when the clock stands, steps back, or the counter was forgotten', () => {
    const fences = new FenceTable()
    const now = Date.UTC(2026, 0, 1)
    const drawn = [fences.raise('job:a', now), fences.raise('job:a', now), fences.raise('job:a', now - 3_600_000)]
    fences.prune(now + 2 * DAY)
    drawn.push(fences.raise('job:a', now + 2 * DAY))
    expect(drawn).toEqual(drawn.toSorted((a, b) => (a < b ? -1 : 1)))
    expect(new Set(drawn).size).toBe(4)
    expect(drawn[0]).toBe(BigInt(now) * 1_000n)
  })

  it('rule 16: keeps a counter that the time has not passed for a day', () => {
    const fences = new FenceTable()
    const first = fences.raise('job:a', DAY)
    fences.prune(2 * DAY - 1)
    expect(fences.raise('job:a', 0)).toBe(first + 1n)
  })
})

describe('Fifo', () => {
  it('gives items in the order in which they came, however many', () => {
    const fifo = new Fifo<number>()
    const out: number[] = []
    for (let item = 0; item < 5_000; item++) {
      fifo.push(item)
      if (item % 3 !== 0) out.push(fifo.shift() ?? -1)
    }
    while (fifo.size > 0) out.push(fifo.shift() ?? -1)
    expect(out).toEqual(Array.from({ length: 5_000 }, (_, index) => index))
    expect([fifo.peek(), fifo.shift()]).toEqual([undefined, undefined])
  })
})

describe('SettledMemory', () => {
  it('rule 21: knows the verdicts of the latest attempts, and of no other fence', () => {
    const memory = new SettledMemory()
    for (let index = 0; index < 50_000; index++) memory.remember(`id-${index}`, BigInt(index), 'succeeded')
    expect(memory.recall('id-49999', 49_999n)).toBe('succeeded')
    expect(memory.recall('id-49999', 1n)).toBeNull()
    expect(memory.recall('id-0', 0n)).toBeNull()
  })
})
