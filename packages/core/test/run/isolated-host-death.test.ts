import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'

vi.setConfig({ testTimeout: 30_000 })

async function guestOfKilledHost(how: string, remainingMs: number): Promise<number> {
  const host = fork(fileURLToPath(new URL('./isolated/host.ts', import.meta.url)), [how, String(remainingMs)])
  const [{ pid }] = (await once(host, 'message')) as [{ pid: number }]
  expect(() => process.kill(pid, 0)).not.toThrow()
  host.kill('SIGKILL')
  await once(host, 'exit')
  return pid
}

async function secondsUntilGone(pid: number): Promise<number> {
  const from = performance.now()
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 15_000, interval: 20 })
  return (performance.now() - from) / 1_000
}

// At the same time: they mostly wait.
test.concurrent('rule 17: a host that dies by SIGKILL takes its isolated process along, long before the lease ends', async () => {
  expect(await secondsUntilGone(await guestOfKilledHost('deaf', 600_000))).toBeLessThan(10)
})

test.concurrent('rule 17: a host that dies by SIGKILL takes along a process that blocks its event loop', async () => {
  expect(await secondsUntilGone(await guestOfKilledHost('blocked', 600_000))).toBeLessThan(10)
})

test.concurrent('rule 17: a process whose host died ends within its lease', async () => {
  expect(await secondsUntilGone(await guestOfKilledHost('blocked', 8_000))).toBeLessThan(8)
})
