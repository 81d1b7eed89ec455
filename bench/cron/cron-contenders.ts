import { cron, type CronSpec, readSchedule, resolveTrigger } from '@escapement/core'
import { CronExpressionParser } from 'cron-parser'
import { Cron } from 'croner'
import { CronosExpression } from 'cronosjs'
import { createTask } from 'node-cron'
import { type CronContender, orNull, walkBy } from './cron-contender.ts'

/** This project. */
export const OURS: CronContender = {
  name: 'Escapement',
  open: (pattern, timezone) =>
    orNull(() => {
      const schedule = readSchedule(resolveTrigger(cron(pattern), { timezone, job: 'report' }) as CronSpec)
      const next = (after: number): number | null => schedule.next(after)
      return { walk: walkBy(next), next, previous: (before) => schedule.previous(before) }
    }),
}

const croner: CronContender = {
  name: 'croner',
  open: (pattern, timezone) =>
    orNull(() => {
      const job = new Cron(pattern, { timezone, paused: true })
      const next = (after: number): number | null => job.nextRun(new Date(after))?.getTime() ?? null
      const previous = (before: number): number | null => job.previousRuns(1, new Date(before))[0]?.getTime() ?? null
      return { walk: walkBy(next), next, previous }
    }),
}

const cronParser: CronContender = {
  name: 'cron-parser',
  open: (pattern, timezone) =>
    orNull(() => {
      const expression = CronExpressionParser.parse(pattern, { tz: timezone })
      return {
        walk: (from, count) => {
          expression.reset(new Date(from))
          for (let index = 0; index < count; index++) expression.next()
        },
        next: (after) => {
          expression.reset(new Date(after))
          return expression.next().getTime()
        },
        previous: (before) => {
          expression.reset(new Date(before))
          return expression.prev().getTime()
        },
      }
    }),
}

/** Its face knows only the present, and only the way on. */
const nodeCron: CronContender = {
  name: 'node-cron',
  open: (pattern, timezone) =>
    orNull(() => {
      const task = createTask(pattern, () => undefined, { timezone })
      return {
        walk: (_from, count) => void task.getNextRuns(count),
        next: null,
        previous: null,
        coming: (count) => task.getNextRuns(count).map((date) => date.getTime()),
      }
    }),
}

const cronos: CronContender = {
  name: 'cronosjs',
  open: (pattern, timezone) =>
    orNull(() => {
      const expression = CronosExpression.parse(pattern, { timezone })
      const next = (after: number): number | null => expression.nextDate(new Date(after))?.getTime() ?? null
      return { walk: walkBy(next), next, previous: null }
    }),
}

/** Those beside which it is measured. */
export const PEERS: readonly CronContender[] = [croner, cronParser, nodeCron, cronos]
