import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ManyLeases } from './processes/many-leases.ts'

const MEGABYTE = 1_000_000

test('10,000 leases in one process are kept by one timer, renewed in batches and take less than 50 MB', () => {
  const script = join(import.meta.dirname, 'processes', 'many-leases.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', script], { encoding: 'utf8' })
  expect({ status, stderr }).toMatchObject({ status: 0 })
  const { heapBytes, mostTimers, renewals, requests, held } = JSON.parse(stdout) as ManyLeases
  expect(held).toBe(10_000)
  expect(mostTimers).toBe(1)
  expect(renewals).toBeGreaterThanOrEqual(20_000)
  expect(requests).toBeLessThan(renewals / 100)
  expect(heapBytes).toBeLessThan(50 * MEGABYTE)
})
