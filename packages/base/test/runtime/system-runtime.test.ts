import { systemRuntime } from '@escapement/base'
import { spawnSync } from 'node:child_process'
import { describe, expect, it, vi } from 'vitest'

describe('systemRuntime', () => {
  it('sleeps for as long as it was asked to on the monotonic clock', async () => {
    for (const ms of [0, 0.4, 1, 3.3, 20]) {
      const startedAt = systemRuntime.monotonic()
      await systemRuntime.sleep(ms)
      expect(systemRuntime.monotonic() - startedAt).toBeGreaterThanOrEqual(ms)
    }
  })

  it('ends a sleep with the reason of its signal, before it began or during', async () => {
    const reason = new Error('enough')
    await expect(systemRuntime.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason)
    const abort = new AbortController()
    const sleeping = systemRuntime.sleep(60_000, abort.signal)
    abort.abort(reason)
    await expect(sleeping).rejects.toBe(reason)
  })

  it('does not wake at once from a sleep beyond 2^31-1 ms', async () => {
    vi.useFakeTimers()
    try {
      let isAwake = false
      void systemRuntime.sleep(2_147_483_647 + 60_000).then(() => (isAwake = true))
      await vi.advanceTimersByTimeAsync(2_147_483_647 + 59_000)
      expect(isAwake).toBe(false)
      await vi.advanceTimersByTimeAsync(2_000)
      expect(isAwake).toBe(true)
    } finally {
      vi.useRealTimers()
    }
  })

  it('keeps the process alive while it sleeps, unless told otherwise', () => {
    const run = (options: string): string => {
      const script = `import { systemRuntime } from '@escapement/base'; systemRuntime.sleep(50, undefined, ${options}).then(() => console.log('woke'))`
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        cwd: import.meta.dirname,
      })
      return stdout.toString().trim()
    }
    expect(run('{}')).toBe('woke')
    expect(run('{ keepAlive: false }')).toBe('')
  })

  it('lets the event loop turn for a sleep of nothing, also where nothing else happens', () => {
    const script = `import { systemRuntime } from '@escapement/base'
      await systemRuntime.sleep(100)
      setTimeout(() => console.log('late'), 2000).unref()
      systemRuntime.sleep(0, undefined, { keepAlive: false }).then(() => { console.log('turned'); process.exit() })
      setTimeout(() => undefined, 3000)`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: import.meta.dirname })
    expect(stdout.toString().trim()).toBe('turned')
  })

  it('repeats a call until it is disposed of, never sooner than asked', async () => {
    const calledAt: number[] = []
    const startedAt = systemRuntime.monotonic()
    await new Promise<void>((resolve) => {
      const repeating = systemRuntime.repeat(10, () => {
        calledAt.push(systemRuntime.monotonic())
        if (calledAt.length < 3) return
        repeating[Symbol.dispose]()
        resolve()
      })
      void systemRuntime.sleep(5_000).then(resolve) // repeating alone keeps nothing alive
    })
    await systemRuntime.sleep(40)
    expect(calledAt).toHaveLength(3)
    expect(Math.max(...calledAt) - startedAt).toBeGreaterThanOrEqual(27) // each timer may fire up to 1 ms early
  })

  it('does not keep the process alive by what it repeats', () => {
    const script = `import { systemRuntime } from '@escapement/base'
      systemRuntime.repeat(10, () => console.log('called'))
      await systemRuntime.sleep(100)
      console.log('over')`
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: import.meta.dirname,
      timeout: 20_000,
    })
    expect(status).toBe(0)
    expect(stdout.toString()).toMatch(/^(called\n)+over\n(called\n)?$/) // one may be due in the very turn that ends it
  })

  it('gives ids that differ and sort by time, and chance below one', () => {
    const ids = Array.from({ length: 1_000 }, () => systemRuntime.id())
    expect(new Set(ids).size).toBe(1_000)
    expect([...ids].sort()).toEqual(ids)
    const draws = Array.from({ length: 1_000 }, () => systemRuntime.random())
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...draws)).toBeLessThan(1)
    expect(Math.abs(systemRuntime.now() - Date.now())).toBeLessThan(1_000)
  })
})
