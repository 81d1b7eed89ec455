import type { Benchmark, Report, Scale, Table } from '../harness/benchmark.ts'
import type { LockContender } from './lock-contender.ts'
import { floorOf, lockFindings } from './lock-findings.ts'
import { LOCK_BACKENDS, startLockServers } from './lock-places.ts'
import { type LockScale, measureLocks, type MeasuredLock } from './measured-lock.ts'

const FULL: LockScale = { uncontended: { pairs: 100, rounds: 41 }, handOff: 15, takeover: 5, contention: 10 }
const QUICK: LockScale = { uncontended: { pairs: 10, rounds: 1 }, handOff: 1, takeover: 1, contention: 1 }

/** What a lock costs that nobody else wants, how soon the next one has it, and what a crowd makes of it. */
export const lock: Benchmark = {
  name: 'lock',
  title: 'Lock: acquire, release and hand-off',
  run: async (scale) => report(scale),
}

async function report(scale: Scale): Promise<Report> {
  const lockScale = scale === 'full' ? FULL : QUICK
  await using servers = await startLockServers()
  const measured: MeasuredLock[] = []
  // One backend after the other, so that nothing else disturbs what is compared.
  for (const backend of LOCK_BACKENDS) measured.push(...(await measureLocks(servers, backend, lockScale)))
  return {
    tables: [
      uncontendedTable(measured, lockScale),
      handOffTable(measured, lockScale),
      contentionTable(measured, lockScale),
    ],
    findings: lockFindings(measured),
    notes: [
      ...servers.notes,
      'On databases a pair is two commits with their fsyncs, on Redis with `appendfsync everysec` none, on etcd one for each ' +
        'step. The floor is the bare commands that mean the same, by the same client, on SQLite synchronously; that of etcd ' +
        'whose locks share a lease loses all of them when one is lost. Ours adds deadlines, renewal, the abort signal, fences ' +
        'where the floor has none, and the wake-up of waiters.',
      settingsText(measured.map(({ contender }) => contender)),
      'Hand-off: from the call of a release to the next grant, 20 waiters, each of which keeps the key for 5 ms; `apart`: 4 in each ' +
        'of 5 processes and the holder in a sixth, only what goes from one process to another; `together`: all in one process. ' +
        'Takeover: how long after the end of its lease the key of a holder that was killed is another’s, the longest of all ' +
        'rounds. Contention: each of 100 keys is wanted by two clients in the same instant and kept for 5 ms; `steady`: one key ' +
        'each 5 ms; `burst`: all keys in one instant. The acquire includes the wait for the other one. The floors that wait are what is ' +
        'possible at all: on etcd a release is an fsync before anybody can be told of it, and the server looks for leases that have ' +
        'ended each 500 ms (`lessor.runLoop`), so that a takeover there is up to that much later than the lease.',
    ],
  }
}

function uncontendedTable(measured: readonly MeasuredLock[], { uncontended }: LockScale): Table {
  return {
    caption: `Uncontended, milliseconds a pair: ${uncontended.pairs} one after the other, then 50 keys at once, ${uncontended.rounds} rounds`,
    columns: ['', 'p50', 'p99', 'p50 ÷ floor', 'at once p50', 'at once p99'],
    rows: measured.map((each) => {
      const { p50, p99, 'at once p50': atOnce, 'at once p99': atOnceP99 } = each.uncontended
      const floor = floorOf(each, measured)
      return [
        each.contender.name,
        p50,
        p99,
        floor === undefined ? null : p50 / floor.uncontended.p50,
        atOnce,
        atOnceP99,
      ]
    }),
  }
}

function handOffTable(measured: readonly MeasuredLock[], { handOff, takeover }: LockScale): Table {
  return {
    caption: `Hand-off in ${handOff} rounds, takeover in ${takeover}, milliseconds`,
    columns: ['', 'apart p50', 'apart p99', 'together p50', 'together p99', 'takeover'],
    rows: measured.flatMap(({ contender, apart }) =>
      apart === null
        ? []
        : [
            [
              contender.name,
              apart.handOff.apart.p50,
              apart.handOff.apart.p99,
              apart.handOff.together.p50,
              apart.handOff.together.p99,
              apart.takeoverMs,
            ],
          ],
    ),
  }
}

function contentionTable(measured: readonly MeasuredLock[], { contention }: LockScale): Table {
  return {
    caption: `100 keys in contention, ${contention} rounds, milliseconds, p99`,
    columns: ['', 'steady acquire', 'steady release', 'burst acquire', 'burst release'],
    rows: measured.flatMap(({ contender, contention: times }) =>
      times === null
        ? []
        : [
            [
              contender.name,
              times.steady.acquireP99,
              times.steady.releaseP99,
              times.burst.acquireP99,
              times.burst.releaseP99,
            ],
          ],
    ),
  }
}

function settingsText(contenders: readonly LockContender[]): string {
  const texts = new Map(contenders.map(({ name, settings }) => [settings, name.slice(name.indexOf(' ') + 1)]))
  texts.delete(undefined)
  return `Peers ask again as often as ours where nothing can wake it. ${[...texts].map(([text, name]) => `${name}: ${text}.`).join(' ')}`
}
