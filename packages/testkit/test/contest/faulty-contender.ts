/** Contends for keys that are granted to everybody; fences and writes are counted in a folder, and each second write fails. */
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createMutexManager, type LockDriver } from '@escapement/core'
import { contend, silentLogger } from '@escapement/testkit/contest'

const [, , folder = '', wrong = ''] = process.argv
if (wrong === 'ends') throw new Error('the script is broken')

const count = (name: string): number => {
  appendFileSync(join(folder, name), '.')
  return readFileSync(join(folder, name), 'utf8').length
}

const driver: LockDriver = {
  minTtlMs: 1,
  maxTtlMs: 60_000,
  tryAcquire: async ({ key, ttlMs }) => ({ isGranted: true, fence: BigInt(count(key)), ttlMs }),
  renewMany: async (renewals) => renewals.map(() => 'renewed'),
  release: async () => true,
  close: async () => undefined,
}
const mutex = createMutexManager(driver, { logger: silentLogger })
await contend({
  mutex,
  write: async ({ key }) => {
    const place = count(`${key}-writes`)
    if (place % 2 === 0) throw new TypeError('the script is wrong')
    return place
  },
})
