import type { Recovered, UpkeepStore } from '../store/upkeep-store.ts'
import { retireJob } from './definitions.ts'
import type { InstanceRow } from './instance-row.ts'
import type { MemoryRole } from './memory-role.ts'
import type { MemoryTables } from './memory-tables.ts'
import { removeRow } from './placement.ts'
import { interruptRow } from './releasing.ts'

/** What keeps the store small and nothing stuck. */
export const upkeep: MemoryRole<UpkeepStore> = (at) => ({
  async recover(namespace, limit) {
    const { tables, now } = at(namespace)
    const recovered: Recovered[] = []
    for (const instance of tables.openInstances) {
      if (!instance.isDead && instance.leaseUntil <= now) declareDead(tables, instance)
      if (!instance.isDead) continue
      for (const row of instance.held) {
        if (recovered.length >= limit) break
        row.wasRecovered = true
        const { wasStarted, status } = interruptRow(tables, row, now)
        recovered.push({ executionId: row.id, job: row.job, instance: instance.id, status, wasStarted })
      }
      if (instance.held.size > 0) continue
      tables.openInstances.delete(instance)
      tables.goneInstances.push(instance)
    }
    if (recovered.length > 0) tables.hint()
    return recovered
  },

  async removeInstance(namespace, id) {
    const { tables } = at(namespace)
    const instance = tables.instances.get(id)
    if (instance === undefined) return
    declareDead(tables, instance)
    tables.hint()
  },

  async purge(namespace, before, limit) {
    const { tables, now } = at(namespace)
    tables.fences.prune(now)
    forgetInstances(tables, before)
    const executions = purgeExecutions(tables, before, limit)
    return executions + purgeSpans(tables, before, limit - executions)
  },

  async foldStats(namespace, limit) {
    const { tables, now } = at(namespace)
    return tables.statistics.fold(now, limit)
  },

  async retireAbsent(namespace, absentBefore) {
    const { tables, now } = at(namespace)
    const retired: string[] = []
    for (const job of tables.absentJobs) {
      const absentSince = job.state?.absentSince ?? null
      if (absentSince === null || absentSince >= absentBefore) continue
      if (retireJob(tables, job, now)) retired.push(job.name)
    }
    return retired
  },

  async settings(namespace) {
    return at(namespace).tables.settings
  },

  async saveSettings(namespace, settings) {
    const { tables } = at(namespace)
    tables.settings = { ...settings }
    tables.hint()
  },

  async createBulkAction(namespace, action) {
    const { tables } = at(namespace)
    if (!tables.bulkActions.has(action.id)) tables.bulkActions.set(action.id, { ...action })
    tables.hint()
  },

  async bulkAction(namespace, id) {
    return at(namespace).tables.bulkActions.get(id) ?? null
  },

  async openBulkActions(namespace) {
    const { tables } = at(namespace)
    return [...tables.bulkActions.values()]
      .filter(({ status }) => status === 'running')
      .toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  },

  async saveBulkAction(namespace, action, expected) {
    const { tables } = at(namespace)
    const stored = tables.bulkActions.get(action.id)
    if (stored?.cursor !== expected.cursor || stored.status !== expected.status) return false
    tables.bulkActions.set(action.id, { ...action })
    tables.hint()
    return true
  },
})

function declareDead(tables: MemoryTables, instance: InstanceRow): void {
  instance.isDead = true
  for (const job of instance.handlers) tables.jobs.get(job)?.handlers.delete(instance)
  instance.handlers.clear()
}

/** Dead instances that hold nothing are remembered as long as executions are: their ids are not used again. */
function forgetInstances({ instances, goneInstances }: MemoryTables, before: number): void {
  for (
    let first = goneInstances.peek();
    first !== undefined && first.leaseUntil < before;
    first = goneInstances.peek()
  ) {
    goneInstances.remove(first)
    instances.delete(first.id)
  }
}

function purgeExecutions(tables: MemoryTables, before: number, limit: number): number {
  let purged = 0
  for (let oldest = tables.finished.peek(); oldest !== undefined && purged < limit; oldest = tables.finished.peek()) {
    if ((oldest.finishedAt ?? 0) >= before) break
    removeRow(tables, oldest)
    purged++
  }
  return purged
}

function purgeSpans(tables: MemoryTables, before: number, limit: number): number {
  let purged = 0
  for (
    let oldest = tables.endedSpans.peek();
    oldest !== undefined && purged < limit;
    oldest = tables.endedSpans.peek()
  ) {
    if (oldest.endWhenQueued >= before) break
    tables.endedSpans.remove(oldest)
    if (oldest.to === oldest.endWhenQueued) {
      tables.jobs.get(oldest.job)?.spans.remove(oldest)
      purged++
    } else {
      oldest.endWhenQueued = oldest.to // it has grown since it was put in line
      tables.endedSpans.push(oldest)
    }
  }
  return purged
}
