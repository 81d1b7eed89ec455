import assert from 'node:assert/strict'
import { createScheduler, defineJob, every, type Scheduler } from '@escapement/core'
import { type MutexCase, type MutexCaseSetup, type MutexContractTarget, mutexCase } from '../mutex-case.ts'
import { silentLogger } from '../silent-logger.ts'

/** What the clocks of the machines show beyond the right time, milliseconds; that of the last is off by more than is allowed. */
const OFFSETS_MS = [-5_000, 0, 5_000, 30_000, 600_000] as const
const LAST = OFFSETS_MS.length - 1
/** No instance that goes by its own clock would be as punctual. Milliseconds. */
const MOST_EARLY_MS = 1_000
const EVERY_MS = 200
/** So many ticks in a row are waited for. */
const TICKS = 8
/** The first ones after the last start may be of instances that know of ticks that the last does not. */
const FIRST_TICKS = 4
/** Waited for so often, `EVERY_MS` each time, before they are given up. */
const LOOKS = 150

interface Run {
  readonly job: string
  readonly scheduledFor: number
  /** Its place in {@link OFFSETS_MS}. */
  readonly instance: number
  /** How long before its time it began, milliseconds on the server's clock. */
  readonly earlyMs: number
}

/** Schedulers that share the lock server and nothing else (rule 25). None where it has no registers. */
export function lockOnlyCases(target: MutexContractTarget): MutexCase[] {
  const lacks = target.lacks ?? []
  if (lacks.includes('advanceMany')) return []
  return lacks.includes('now') ? [uncheckedCase(target)] : [checkedCase(target)]
}

function checkedCase(target: MutexContractTarget): MutexCase {
  const title =
    'rule 25: schedulers whose clocks are up to ten minutes apart run each tick once and at its time, and one whose clock is that far off is not ready'
  return mutexCase(target, title, async (setup) => {
    const { runs, health } = await tryOut(setup)
    assert.deepEqual(
      runs.filter(({ instance, earlyMs }) => instance === LAST || earlyMs > MOST_EARLY_MS),
      [],
    )
    assert.deepEqual(
      health,
      OFFSETS_MS.map((_, instance) => (instance === LAST ? [false, 'clock-offset'] : [true])),
    )
  })
}

function uncheckedCase(target: MutexContractTarget): MutexCase {
  const title =
    'rule 25: schedulers whose clocks are up to ten minutes apart run each tick once, and health says that nobody checks them'
  return mutexCase(target, title, async (setup) => {
    const { health } = await tryOut(setup)
    assert.deepEqual(
      health,
      OFFSETS_MS.map(() => [true, 'skew-unchecked']),
    )
  })
}

/** What was run, and of each instance whether it is ready, and what health says about its clock. */
interface Seen {
  readonly runs: readonly Run[]
  readonly health: readonly (readonly [isReady: boolean, ...clockFindings: string[]])[]
}

/** Lets one scheduler for each offset run a job of a millisecond and one of none, and sees that each tick ran once. */
async function tryOut(setup: MutexCaseSetup): Promise<Seen> {
  const { clock } = setup
  const runs: Run[] = []
  const schedulers: Scheduler[] = []
  try {
    for (const instance of OFFSETS_MS.keys()) {
      const scheduler = await makeScheduler(setup, instance, runs)
      schedulers.push(scheduler)
      await clock.until(scheduler.start())
    }
    await eachTickOnce(setup, runs)
    return { runs, health: await clock.until(Promise.all(schedulers.map(clockHealth))) }
  } finally {
    await clock.until(Promise.all(schedulers.map((scheduler) => scheduler.stop())))
  }
}

/** A busy machine has findings of other kinds. */
async function clockHealth(scheduler: Scheduler): Promise<Seen['health'][number]> {
  const { isReady, findings } = await scheduler.health()
  const codes = findings.map(({ code }) => code)
  return [isReady, ...codes.filter((code) => ['clock-offset', 'skew-unchecked'].includes(code))]
}

async function makeScheduler(setup: MutexCaseSetup, instance: number, runs: Run[]): Promise<Scheduler> {
  const { clock } = setup
  const { driver, mutex, node } = await setup.client()
  const now = (): number => clock.runtime.now()
  const serverAheadMs = driver.now === undefined ? 0 : (await clock.until(driver.now())) - now()
  node.stepWallClock(OFFSETS_MS[instance] ?? 0)
  const ran = ({ job, scheduledFor }: Pick<Run, 'job' | 'scheduledFor'>): void =>
    void runs.push({ job, scheduledFor, instance, earlyMs: scheduledFor - (now() + serverAheadMs) })
  const shared = { trigger: every(EVERY_MS), history: 'none' } as const
  const jobs = [
    defineJob({ ...shared, name: 'free', overlap: 'allow', run: ran }),
    defineJob({
      ...shared,
      name: 'short',
      run: async (context) => {
        ran(context)
        await node.sleep(1)
      },
    }),
  ]
  return createScheduler({ jobs, mutex, runtime: node, logger: silentLogger })
}

/** That no tick runs twice, and that from now on none is left out. */
async function eachTickOnce({ clock }: MutexCaseSetup, runs: readonly Run[]): Promise<void> {
  const startedWith = runs.length
  const ticksOf = (job: string, from: number = 0): number[] =>
    runs
      .slice(from)
      .flatMap((run) => (run.job === job ? [run.scheduledFor] : []))
      .toSorted((a, b) => a - b)
  const wanted = FIRST_TICKS + TICKS
  for (let looks = 0; ticksOf('free', startedWith).length < wanted && looks < LOOKS; looks++) {
    await clock.advance(EVERY_MS)
  }
  for (const job of ['free', 'short']) {
    const ticks = ticksOf(job)
    assert.deepEqual(ticks, [...new Set(ticks)], `ticks of ${job} ran twice`)
    assert.ok(ticks.length > 0, `${job} did not run`)
  }
  const last = ticksOf('free', startedWith).slice(-TICKS)
  assert.deepEqual(
    last,
    last.map((_, index) => (last[0] ?? 0) + index * EVERY_MS),
    'ticks were left out',
  )
  assert.equal(last.length, TICKS)
}
