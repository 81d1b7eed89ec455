import type { Scheduler } from '@escapement/core'
import { sql } from 'kysely'
import type { Database } from '../database/schema.ts'
import type { UsageClient } from '../usage/usage-client.ts'
import type { Probe } from './probe.ts'

/** Whether the database takes reads and writes: a full disk, say, is only noticed by writing. */
export function databaseProbe(db: Database): Probe {
  return {
    name: 'database',
    check: async () => {
      await sql`UPDATE usage_cursor SET position = position`.execute(db)
    },
  }
}

/** Whether the upstream answers. */
export function upstreamProbe(client: UsageClient): Probe {
  return { name: 'upstream', check: (signal) => client.ping(signal) }
}

/** Whether the scheduler takes work and has found nothing critical; its warnings are passed on. */
export function schedulerProbe(scheduler: () => Pick<Scheduler, 'health'>): Probe {
  return {
    name: 'scheduler',
    check: async () => {
      const { isReady, state, findings } = await scheduler().health()
      const critical = findings.filter((finding) => finding.severity === 'critical')
      const says = (list: typeof findings): string => list.map(({ code, message }) => `${code}: ${message}`).join(', ')
      if (critical.length > 0) throw new Error(says(critical))
      if (!isReady) throw new Error(`takes no work, it is ${state}`)
      return findings.length > 0 ? says(findings) : undefined
    },
  }
}
