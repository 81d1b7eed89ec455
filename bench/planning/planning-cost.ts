import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Cell, Finding, Report, Scale } from '../harness/benchmark.ts'
import type { FreshPlace } from '../harness/measured-servers.ts'
import type { PlanningCost, PlanningSetting } from './planning-message.ts'

const BUSY_JOBS = 50

/** A store that plans. */
export interface PlanningCase {
  readonly name: string
  fresh(): Promise<FreshPlace>
}

/** How much is planned, and for how long that is watched. */
interface Sizes {
  readonly many: number
  readonly busySeconds: number
  readonly idleSeconds: number
}

export function sizesFor(scale: Scale, idleSeconds: number): Sizes {
  return scale === 'full'
    ? { many: 100_000, busySeconds: 20, idleSeconds }
    : { many: 5_000, busySeconds: 5, idleSeconds: 1 }
}

/** Plans with 100 jobs and with many, some of them due each second, then with many of which none is due. */
export async function measurePlanning(
  cases: readonly PlanningCase[],
  { many, busySeconds, idleSeconds }: Sizes,
): Promise<Omit<Report, 'notes'>> {
  const busyRows: Cell[][] = []
  const idleRows: Cell[][] = []
  const growth: Finding[] = []
  const idle: Finding[] = []
  for (const each of cases) {
    const busy = { busyJobs: BUSY_JOBS, seconds: busySeconds, onlyPlans: false }
    const few = await measured(each, { dailyJobs: 100 - BUSY_JOBS, ...busy })
    const lots = await measured(each, { dailyJobs: many - BUSY_JOBS, ...busy })
    busyRows.push(busyRow(each.name, 100, few), busyRow(each.name, many, lots))
    growth.push(growthFinding(each.name, many, microsATick(lots) / microsATick(few)))
    for (const onlyPlans of [true, false]) {
      const none = await measured(each, { dailyJobs: many, busyJobs: 0, seconds: idleSeconds, onlyPlans })
      const title = `${each.name}, ${onlyPlans ? 'planning alone' : 'all roles'}`
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
    findings: [...growth, ...idle],
  }
}

async function measured(of: PlanningCase, setting: Omit<PlanningSetting, 'place'>): Promise<PlanningCost> {
  await using database = await of.fresh()
  const argument: PlanningSetting = { place: database.place, ...setting }
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

function growthFinding(name: string, many: number, ratio: number): Finding {
  return {
    what: `cost of a tick with ${many.toLocaleString('en-US')} jobs, ${name}`,
    figure: `${ratio.toFixed(2)} of that with 100`,
    reach: 'independent of the number of jobs (at most 1.5)',
    isReached: ratio <= 1.5,
  }
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
