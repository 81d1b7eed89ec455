import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Benchmark, Cell, Finding, Report, Scale } from '../harness/benchmark.ts'
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
  const idleSeconds = scale === 'full' ? 60 : 1
  const cases = [{ name: 'SQLite', isMemory: false }, ...(scale === 'full' ? [{ name: 'memory', isMemory: true }] : [])]
  const busyRows: Cell[][] = []
  const idleRows: Cell[][] = []
  const growth: { name: string; ratio: number }[] = []
  const idle: Finding[] = []
  for (const { name, isMemory } of cases) {
    const busy = { busyJobs: BUSY_JOBS, seconds, onlyPlans: false }
    const few = await measured({ dailyJobs: 100 - BUSY_JOBS, ...busy }, isMemory)
    const lots = await measured({ dailyJobs: many - BUSY_JOBS, ...busy }, isMemory)
    busyRows.push(busyRow(name, 100, few), busyRow(name, many, lots))
    growth.push({ name, ratio: microsATick(lots) / microsATick(few) })
    for (const onlyPlans of [true, false]) {
      const none = await measured({ dailyJobs: many, busyJobs: 0, seconds: idleSeconds, onlyPlans }, isMemory)
      const title = `${name}, ${onlyPlans ? 'planning alone' : 'all roles'}`
      idleRows.push(idleRow(title, many, none))
      idle.push(shareFinding(title, none))
      if (onlyPlans) idle.push(statementFinding(title, none))
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
      ...idle,
    ],
    notes: [
      'Processor time is that of all threads of the process. A *look* is `PRAGMA data_version`, by which a scheduler on SQLite ' +
        `that runs jobs notices other processes ${LOOKS_A_SECOND} times a second; it reads shared memory and is not among the statements.`,
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

function idleRow(title: string, jobs: number, cost: PlanningCost): Cell[] {
  const { registeredMs, statements, looks } = cost
  return [title, jobs, registeredMs / 1_000, share(cost) * 100, perSecond(statements, cost), perSecond(looks, cost)]
}

function share(cost: PlanningCost): number {
  return cost.cpuMs / cost.watchedMs
}

function shareFinding(title: string, cost: PlanningCost): Finding {
  return {
    what: `none due, ${title}`,
    figure: `${(share(cost) * 100).toFixed(2)} % of a core`,
    reach: 'at most 1 %',
    isReached: share(cost) <= 0.01,
  }
}

function statementFinding(title: string, cost: PlanningCost): Finding {
  const statements = perSecond(cost.statements, cost).toFixed(1) // a timer more or less at the ends of the time watched
  return {
    what: `none due, ${title}`,
    figure: `${statements} statements/s`,
    reach: 'at most 2 a second',
    isReached: Number(statements) <= 2,
  }
}
