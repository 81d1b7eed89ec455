import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Benchmark, Cell, Report, Scale } from '../harness/benchmark.ts'
import { scratchFile } from '../harness/scratch-file.ts'
import type { PlanningCost, PlanningSetting } from './planning-message.ts'

const BUSY_JOBS = 50
const LOOKS_A_SECOND = 20

/** What it costs to know what is due, with few jobs and with many. */
export const planning: Benchmark = {
  name: 'planning',
  title: 'Planning',
  run: async (scale) => report(scale),
}

async function report(scale: Scale): Promise<Report> {
  const many = scale === 'full' ? 100_000 : 5_000
  const seconds = scale === 'full' ? 20 : 1
  const cases = [{ name: 'SQLite', isMemory: false }, ...(scale === 'full' ? [{ name: 'memory', isMemory: true }] : [])]
  const busyRows: Cell[][] = []
  const idleRows: Cell[][] = []
  const growth: { name: string; ratio: number }[] = []
  const idle: { name: string; share: number; statements: number }[] = []
  for (const { name, isMemory } of cases) {
    const busy = { busyJobs: BUSY_JOBS, seconds, onlyPlans: false }
    const few = await measured({ dailyJobs: 100 - BUSY_JOBS, ...busy }, isMemory)
    const lots = await measured({ dailyJobs: many - BUSY_JOBS, ...busy }, isMemory)
    busyRows.push(busyRow(name, 100, few), busyRow(name, many, lots))
    growth.push({ name, ratio: microsATick(lots) / microsATick(few) })
    for (const onlyPlans of [true, false]) {
      const none = await measured({ dailyJobs: many, busyJobs: 0, seconds, onlyPlans }, isMemory)
      const share = none.cpuMs / none.watchedMs
      const statements = perSecond(none.statements, none)
      const title = `${name}, ${onlyPlans ? 'planning alone' : 'all roles'}`
      idleRows.push([title, many, none.registeredMs / 1_000, share * 100, statements, perSecond(none.looks, none)])
      if (onlyPlans) idle.push({ name, share, statements })
    }
  }
  return {
    tables: [
      {
        caption: `${BUSY_JOBS} jobs due each second, the others once a day; planned and run`,
        columns: ['', 'jobs', 'ticks planned', 'CPU µs a tick', 'statements a tick'],
        rows: busyRows,
      },
      {
        caption: `${many.toLocaleString('en-US')} daily jobs, none due`,
        columns: ['', 'jobs', 'registered in s', 'CPU %', 'statements/s', 'looks/s'],
        rows: idleRows,
      },
    ],
    findings: [
      ...growth.map(({ name, ratio }) => ({
        what: `cost of a tick with ${many.toLocaleString('en-US')} jobs, ${name}`,
        figure: `${ratio.toFixed(2)} of that with 100`,
        reach: 'independent of the number of jobs (at most 1.5)',
        isReached: ratio <= 1.5,
      })),
      ...idle.flatMap(({ name, share, statements }) => [
        {
          what: `planning, none due, ${name}`,
          figure: `${(share * 100).toFixed(2)} % of a core`,
          reach: 'at most 1 %',
          isReached: share <= 0.01,
        },
        {
          what: `planning, none due, ${name}`,
          figure: `${statements.toFixed(1)} statements/s`,
          reach: 'at most 2 a second',
          isReached: Number(statements.toFixed(1)) <= 2, // a timer more or less at the ends of the time watched
        },
      ]),
    ],
    notes: [
      'Processor time is that of all threads of the process. A *look* is `PRAGMA data_version`, by which a scheduler on SQLite ' +
        `notices other processes ${LOOKS_A_SECOND} times a second; it reads shared memory and is not among the statements.`,
    ],
  }
}

async function measured(setting: Omit<PlanningSetting, 'path'>, isMemory: boolean): Promise<PlanningCost> {
  using scratch = scratchFile()
  const argument: PlanningSetting = { path: isMemory ? null : scratch.path, ...setting }
  const child = fork(new URL('./planning-instance.ts', import.meta.url), [JSON.stringify(argument)], {
    execArgv: ['--expose-gc'],
  })
  const exit = once(child, 'exit')
  const answer = await Promise.race([
    once(child, 'message'),
    exit.then(([code]) => Promise.reject(new Error(`ended with ${String(code)}`))),
  ])
  await exit
  return (answer as [PlanningCost])[0]
}

function microsATick(cost: PlanningCost): number {
  return (cost.cpuMs * 1_000) / cost.ticks
}

function perSecond(count: number, cost: PlanningCost): number {
  return (count / cost.watchedMs) * 1_000
}

function busyRow(name: string, jobs: number, cost: PlanningCost): Cell[] {
  return [name, jobs, cost.ticks, microsATick(cost), cost.statements / cost.ticks]
}
