import type { Recovered, UpkeepStore } from '@escapement/core'
import type { SqliteSession } from '@escapement/db'
import { type BulkRow, bulkOf } from '../bulk/bulk-row.ts'
import { MINUTE_MS } from '../stats/stats-change.ts'
import { numbersOf, type StatsRow } from '../stats/stats-row.ts'
import { definitionsSql } from './definitions-sql.ts'
import { retireJob } from './definitions.ts'
import { SqliteEndings } from './ending.ts'
import { Releases } from './releases.ts'
import type { SqliteContext } from './sqlite-context.ts'
import { upkeepSql } from './upkeep-sql.ts'

/** Rows that one step of upkeep changes: about a millisecond of work. */
const AT_ONCE = 50
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

interface FoldedRow extends StatsRow {
  readonly job: string
  readonly bucket: number
  readonly width: number
  readonly instance: string
}

/** What keeps the store small and nothing stuck, on SQLite. */
export function sqliteUpkeep(context: SqliteContext): UpkeepStore {
  const sql = upkeepSql(context.tables)
  const definitions = definitionsSql(context.tables)
  const endings = new SqliteEndings(context.tables)
  const releases = new Releases(context.tables, endings)

  /** Repeats a small step until it has done `limit` or finds no more; each transaction holds as many as it has time for. */
  const inSteps = async (limit: number, step: (session: SqliteSession, limit: number) => number): Promise<number> => {
    let done = 0
    let isMore = true
    while (isMore && done < limit) {
      const before = done
      ;[done, isMore] = await context.write((session, hasTime): [number, boolean] => {
        let reached = before
        let isFull = true
        while (isFull && reached < limit && (reached === before || hasTime())) {
          const asked = Math.min(AT_ONCE, limit - reached)
          const changed = step(session, asked)
          reached += changed
          isFull = changed === asked
        }
        return [reached, isFull]
      })
    }
    return done
  }

  /** Forgets what a dead instance that holds nothing has said about handlers. */
  const bury = (namespace: string, id: string): Promise<number> =>
    inSteps(Number.POSITIVE_INFINITY, (session, asked) => {
      const forgotten = session.run(sql.forgetHandlers, [namespace, id, asked])
      if (forgotten < asked) session.run(sql.bury, [namespace, id])
      return forgotten
    })

  const moveStats = (
    session: SqliteSession,
    namespace: string,
    rows: readonly FoldedRow[],
    width: number | null,
  ): number => {
    for (const row of rows) {
      session.run(sql.removeStats, [namespace, row.job, row.bucket, row.width, row.instance])
      const wider = width ?? row.width
      const bucket = Math.floor(row.bucket / wider) * wider
      const change = { job: row.job, instance: '', bucket, numbers: numbersOf(row) }
      endings.statistics.add(session, namespace, change, wider)
    }
    return rows.length
  }

  return {
    async recover(namespace, limit) {
      // A look costs no lock, and mostly there is nothing.
      const isAny = await context.read((session) =>
        session.get(sql.isAnyToRecover, [namespace, context.now(), namespace]),
      )
      if (isAny === undefined) return []
      const going = await context.write((session) => {
        const now = context.now()
        session.run(sql.declareDead, [now, namespace, now])
        return session.all<{ id: string }>(sql.going, [namespace])
      })
      const recovered: Recovered[] = []
      for (const { id } of going) {
        while (recovered.length < limit) {
          const asked = Math.min(AT_ONCE, limit - recovered.length)
          const released = await context.write((session) =>
            releases.recover(session, namespace, id, asked, context.now()),
          )
          recovered.push(...released)
          if (released.length === asked) continue
          await bury(namespace, id)
          break
        }
      }
      return recovered
    },

    removeInstance: (namespace, instance) =>
      context.write((session) => void session.run(sql.remove, [context.now(), namespace, instance])),

    async purge(namespace, before, limit) {
      await context.write((session) => session.run(sql.purgeInstances, [namespace, before]))
      await inSteps(limit, (session, asked) =>
        session.run(sql.purgeFences, [namespace, (context.now() - DAY_MS) * 1_000, asked]),
      )
      const executions = await inSteps(limit, (session, asked) =>
        session.run(sql.purgeExecutions, [namespace, before, asked]),
      )
      const spans = await inSteps(limit - executions, (session, asked) =>
        session.run(sql.purgeSpans, [namespace, before, asked]),
      )
      return executions + spans
    },

    async foldStats(namespace, limit) {
      let folded = await inSteps(limit, (session, asked) =>
        moveStats(session, namespace, session.all<FoldedRow>(sql.ofTheDead, [namespace, namespace, asked]), null),
      )
      const ages = [
        [MINUTE_MS, HOUR_MS, DAY_MS],
        [HOUR_MS, DAY_MS, 30 * DAY_MS],
      ] as const
      for (const [width, wider, keepMs] of ages) {
        folded += await inSteps(limit - folded, (session, asked) => {
          const parameters = [namespace, width, context.now() - keepMs - width, asked]
          return moveStats(session, namespace, session.all<FoldedRow>(sql.aged, parameters), wider)
        })
      }
      return folded
    },

    retireAbsent: (namespace, absentBefore) =>
      context.write((session) =>
        session
          .all<{ name: string }>(sql.absent, [namespace, absentBefore])
          .map(({ name }) => name)
          .filter((name) => retireJob(session, definitions, namespace, name, context.now())),
      ),

    settings: (namespace) =>
      context.read((session) => {
        const row = session.get<{ value: string }>(sql.setting, [namespace, 'retentionMs'])
        return row === undefined ? null : { retentionMs: Number(row.value) }
      }),

    saveSettings: (namespace, { retentionMs }) =>
      context.write((session) => void session.run(sql.saveSetting, [namespace, 'retentionMs', String(retentionMs)])),

    createBulkAction: (namespace, action) =>
      context.write((session) => {
        const { id, kind, filter, status, total, done, failed, cursor, by, createdAt, updatedAt } = action
        const parameters = [namespace, id, kind, filter, status, total, done, failed, cursor, by, createdAt, updatedAt]
        session.run(sql.createBulk, parameters)
      }),

    bulkAction: (namespace, id) =>
      context.read((session) => {
        const row = session.get<BulkRow>(sql.bulk, [namespace, id])
        return row === undefined ? null : bulkOf(row)
      }),

    openBulkActions: (namespace) =>
      context.read((session) => session.all<BulkRow>(sql.openBulks, [namespace]).map(bulkOf)),

    saveBulkAction: (namespace, action, expected) =>
      context.write((session) => {
        const { id, status, total, done, failed, cursor, updatedAt } = action
        const parameters = [
          status,
          total,
          done,
          failed,
          cursor,
          updatedAt,
          namespace,
          id,
          expected.cursor,
          expected.status,
        ]
        return session.run(sql.saveBulk, parameters) > 0
      }),
  }
}
