import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { readDemoOptions } from '../src/demo/demo-options.ts'
import { Child, isAlive } from './support/child.ts'

const ROW = /^ {2}(\d\d:\d\d:\d\d) {2}(\S+) +(instance-\d) +(\S+) +\d* ?m?s? +\d+ ms/gm

// At the same time: the first mostly waits.
describe('the demo', { timeout: 60_000, concurrent: true }, () => {
  function startDemo(...args: string[]): Child {
    return new Child('../../src/demo.ts', args)
  }

  function pidsOf(demo: Child): number[] {
    return [...demo.output.matchAll(/ pid (\d+)/g)].map(([, pid]) => Number(pid))
  }

  it('runs three instances on one file, every tick once, and ends by itself', async () => {
    await using demo = startDemo('--instances', '3', '--duration', '13s')
    expect(await demo.exited).toEqual({ code: 0, signal: null })
    const settled = [...demo.output.matchAll(ROW)]
      .map(([, tick, job, instance, status]) => ({ tick: `${tick} ${job}`, job, instance, status }))
      .filter(({ status }) => status !== 'retries')
    expect(settled.map(({ job }) => job)).toEqual(
      expect.arrayContaining(['expiration-check', 'usage-sync', 'health-check']),
    )
    expect(new Set(settled.map(({ tick }) => tick)).size).toBe(settled.length)
    expect(settled.filter(({ status }) => status === 'succeeded').length).toBeGreaterThanOrEqual(5)
    const [, ran] = demo.output.match(/(\d+) ticks ran, each of them once/) ?? []
    expect(Number(ran)).toBeGreaterThanOrEqual(settled.length)
    expect(demo.output).toContain('sped up')
    expect(demo.output).not.toContain('\u001B')
    expect(pidsOf(demo)).toHaveLength(3)
    expect(pidsOf(demo).filter(isAlive)).toEqual([])
  })

  it.skipIf(process.platform === 'win32')('serves at its URL, and stops at Ctrl-C with all its processes', async () => {
    await using demo = startDemo()
    const [, url] = await demo.says(/(http:\/\/127\.0\.0\.1:\d+) +pid/)
    await demo.says(/succeeded/)
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ state: 'running' })
    demo.process.kill('SIGINT')
    demo.process.kill('SIGINT') // npx and pnpm pass the signal on that the terminal sends as well
    expect(await demo.exited).toEqual({ code: 0, signal: null })
    expect(pidsOf(demo).filter(isAlive)).toEqual([])
  })

  it('lets its instances stop when it is killed', async () => {
    await using demo = startDemo()
    await demo.says(/pid \d+/)
    const [pid = 0] = pidsOf(demo)
    expect(isAlive(pid)).toBe(true)
    demo.process.kill('SIGKILL')
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000 })
    const [, databaseFile = ''] = demo.output.match(/database +(\S+)/) ?? []
    rmSync(dirname(databaseFile), { recursive: true }) // it had no time to
  })

  it.each([
    [['--instances', '0'], '--instances is "0"'],
    [['--instances', 'many'], '--instances is "many"'],
    [['--duration', 'long'], "--duration is 'long'"],
    [['--port', '99999'], '--port is "99999"'],
    [['--what'], '--what'],
  ])('refuses %j', (args, says) => {
    expect(() => readDemoOptions(args)).toThrow(says)
  })

  it('takes its options also behind the dashes that pnpm hands on', () => {
    expect(readDemoOptions(['--', '--instances', '3', '--duration', '20s'])).toEqual({
      instances: 3,
      durationMs: 20_000,
      port: 0,
    })
  })
})
