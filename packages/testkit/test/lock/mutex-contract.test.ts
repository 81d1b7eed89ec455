import { type LockDriver, memoryLockDriver } from '@escapement/core'
import { type MutexContractTarget, mutexContract } from '@escapement/testkit'
import { expect, test } from 'vitest'

/** A server in memory whose driver does something wrong. */
function broken(breakDriver: (driver: LockDriver) => Partial<LockDriver>): MutexContractTarget {
  return {
    time: 'virtual',
    lacks: ['loseData'],
    start: async (runtime) => {
      const sound = memoryLockDriver({ runtime })
      const driver: LockDriver = {
        minTtlMs: sound.minTtlMs,
        maxTtlMs: sound.maxTtlMs,
        tryAcquire: (request) => sound.tryAcquire(request),
        renewMany: (renewals) => sound.renewMany(renewals),
        release: (release) => sound.release(release),
        waitForRelease: (request, wait) => sound.waitForRelease?.(request, wait) ?? Promise.reject(),
        advanceMany: (entries) => sound.advanceMany?.(entries) ?? Promise.reject(),
        now: () => sound.now?.() ?? Promise.reject(),
        close: () => sound.close(),
        ...breakDriver(sound),
      }
      return { connect: () => driver, stop: async () => undefined }
    },
  }
}

async function failures(target: MutexContractTarget): Promise<string[]> {
  const failed: string[] = []
  for (const { title, run } of mutexContract(target)) await run().catch(() => failed.push(title))
  return failed
}

let fences = 0n

const FAULTS: [string, (driver: LockDriver) => Partial<LockDriver>, RegExp][] = [
  [
    'grants a held key',
    (driver) => ({ tryAcquire: (r) => driver.tryAcquire({ ...r, key: r.key + r.owner }) }),
    /refused/,
  ],
  [
    'takes alike keys for one',
    (driver) => ({ tryAcquire: (r) => driver.tryAcquire({ ...r, key: r.key.trim() }) }),
    /alike/,
  ],
  [
    'counts fences down',
    (driver) => ({
      tryAcquire: async (request) => {
        const answer = await driver.tryAcquire(request)
        return answer.isGranted ? { ...answer, fence: 1_000_000n - ++fences } : answer
      },
    }),
    /rule 16: fences grow with every grant/,
  ],
  [
    'ends leases early',
    (driver) => ({
      tryAcquire: (r) => driver.tryAcquire({ ...r, ttlMs: r.ttlMs / 2 }).then((a) => ({ ...a, ttlMs: r.ttlMs })),
    }),
    /promise 6: the signal fires before anyone else/,
  ],
  [
    'does not find its own grant',
    (driver) => {
      let asked = 0
      return { tryAcquire: (r) => driver.tryAcquire({ ...r, owner: `${r.owner} ${++asked}` }) }
    },
    /found again/,
  ],
  [
    'revives what has ended',
    (driver) => ({
      renewMany: async (renewals) => {
        await Promise.all(renewals.map((renewal) => driver.tryAcquire(renewal)))
        return renewals.map(() => 'renewed')
      },
    }),
    /renews only what lives/,
  ],
  ['renews nothing and says that it has', () => ({ renewMany: async (r) => r.map(() => 'renewed') }), /renews itself/],
  ['releases nothing and says that it has', () => ({ release: async () => true }), /released one is granted again/],
  [
    'releases whatever is held',
    (driver) => {
      let last: { owner: string; fence: bigint } | undefined
      return {
        tryAcquire: async (request) => {
          const answer = await driver.tryAcquire(request)
          if (answer.isGranted) last = { owner: request.owner, fence: answer.fence }
          return answer
        },
        release: (release) => driver.release({ ...release, ...last }),
      }
    },
    /another has taken the key/,
  ],
  [
    'misses releases',
    (driver) => ({ waitForRelease: () => driver.now?.().then(() => new Promise(() => undefined)) ?? Promise.reject() }),
    /rule 23/,
  ],
  [
    'moves registers anywhere',
    () => ({ advanceMany: async (entries) => entries.map(() => true) }),
    /rule 25: a register moves only forward/,
  ],
  [
    'gives ticks to two',
    () => ({ advanceMany: async (entries) => entries.map(() => true) }),
    /rule 25: schedulers .* run each tick once/,
  ],
  ['loses ticks', () => ({ advanceMany: async (entries) => entries.map(() => false) }), /run each tick once/],
  ['stops its clock', () => ({ now: async () => 0 }), /clock of the server/],
]

test.each(FAULTS)('the contract finds a driver that %s', async (_, breakDriver, title) => {
  expect(await failures(broken(breakDriver))).toContainEqual(expect.stringMatching(title))
})

test('the contract finds a target that says nothing of what it lacks', async () => {
  expect(await failures({ ...broken(() => ({})), lacks: [] })).toContainEqual(expect.stringMatching(/says it has/))
})

/** Runs the one case whose title begins so. */
async function runCase(target: MutexContractTarget, title: string): Promise<void> {
  const found = mutexContract(target).filter((each) => each.title.startsWith(title))
  expect(found).toHaveLength(1)
  await found[0]?.run()
}

test('the contract blames no driver for a machine so busy that a renewal takes longer than a sixth of the ttl', async () => {
  const target = broken(() => ({}))
  const slow: MutexContractTarget = {
    ...target,
    start: async (runtime) => {
      const server = await target.start(runtime)
      return {
        ...server,
        connect: async (node) => {
          const driver = (await server.connect(node)) as LockDriver
          return { ...driver, renewMany: async (r) => runtime.sleep(300).then(() => driver.renewMany(r)) }
        },
      }
    },
  }
  await expect(runCase(slow, 'rule 16: fences grow with every grant')).resolves.toBeUndefined()
})

test('the contract blames no driver for an event loop that was blocked when a lease had to be given up', async () => {
  const blocked = setTimeout(() => {
    const until = performance.now() + 200
    while (performance.now() < until);
  }, 900)
  const running = runCase({ ...broken(() => ({})), time: 'real' }, 'promise 6: the signal fires before anyone else')
  await expect(running).resolves.toBeUndefined()
  clearTimeout(blocked)
})

test('a sound driver passes in real time, too', { timeout: 120_000 }, async () => {
  const cases = [...mutexContract({ ...broken(() => ({})), time: 'real' })]
  const failed: string[] = []
  const lane = async (): Promise<void> => {
    for (let next = cases.shift(); next !== undefined; next = cases.shift()) {
      const { title, run } = next
      await run().catch((error: unknown) => failed.push(`${title}: ${String(error)}`))
    }
  }
  await Promise.all(Array.from({ length: 12 }, lane))
  expect(failed).toEqual([])
})
