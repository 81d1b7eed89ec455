/** A process that plans and is watched while it does. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type AnyJob, createScheduler, cron, defineJob, every, type JobStore } from '@escapement/core'
import { statementCounts } from '../harness/statement-count.ts'
import { openPlace } from '../harness/store-place.ts'
import type { PlanningCost, PlanningSetting } from './planning-message.ts'

const setting = JSON.parse(process.argv[2] ?? '') as PlanningSetting
/** Far from now on either side. */
const HOUR = (new Date().getUTCHours() + 12) % 24
let ticks = 0

/** The store, with its planned executions counted. */
function counting(store: JobStore): JobStore {
  const plan = store.plan.bind(store)
  return Object.assign(store, {
    plan: async (...args: Parameters<JobStore['plan']>) => {
      for (const entry of args[1]) ticks += entry.executions.length
      return await plan(...args)
    },
  })
}

const run = (): null => null
const jobs: AnyJob[] = []
for (let n = 0; n < setting.dailyJobs; n++) {
  jobs.push(defineJob({ name: `bench.daily-${n}`, trigger: cron(`${n % 60} ${HOUR} * * *`), run }))
}
for (let n = 0; n < setting.busyJobs; n++) {
  jobs.push(defineJob({ name: `bench.busy-${n}`, trigger: every('1s'), overlap: 'allow', misfire: 'skip', run }))
}
const placed = openPlace(setting.place)
await placed.store.open()
const scheduler = createScheduler({
  jobs,
  store: counting(placed.store),
  ...(setting.onlyPlans ? { roles: ['plan'] as const } : {}),
})
statementCounts()
const startedAt = performance.now()
await scheduler.start()
const registeredMs = performance.now() - startedAt
globalThis.gc?.()
await sleep(Math.min(5, setting.seconds) * 1_000) // until what registering left behind is swept
const before = { ...statementCounts(), cpu: process.cpuUsage(), at: performance.now(), ticks }
await sleep(setting.seconds * 1_000)
const { user, system } = process.cpuUsage(before.cpu)
const after = statementCounts()
const cost: PlanningCost = {
  registeredMs,
  cpuMs: (user + system) / 1_000,
  watchedMs: performance.now() - before.at,
  statements: after.statements - before.statements,
  looks: after.looks - before.looks,
  ticks: ticks - before.ticks,
}
process.send?.(cost)
await scheduler.stop()
await placed[Symbol.asyncDispose]()
process.disconnect?.()
