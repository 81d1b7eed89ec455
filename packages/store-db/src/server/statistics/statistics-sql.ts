import type { RowColumns } from '../server-sql.ts'
import type { ServerContext } from '../server-context.ts'

const KEY: RowColumns = { job: 'key', bucket: 'integer', width: 'integer', instance: 'key' }
const NUMBERS: RowColumns = {
  succeeded: 'integer',
  failed: 'integer',
  timed_out: 'integer',
  cancelled: 'integer',
  retries: 'integer',
  interruptions: 'integer',
  duration_sum_ms: 'integer',
  lateness_sum_ms: 'integer',
  duration: 'text',
  lateness: 'text',
}

const columns = (of: RowColumns, table = ''): string =>
  Object.keys(of)
    .map((name) => table + name)
    .join(', ')

/** Statements about statistics, each for many buckets. */
export function statisticsSql({ tables: t, sql }: ServerContext) {
  const keys = sql.rows(':rows', 'v', KEY)
  const isRow =
    'x.namespace = :namespace AND x.job = v.job AND x.bucket = v.bucket AND x.width = v.width AND x.instance = v.instance'
  return {
    lock: `SELECT ${columns({ ...KEY, ...NUMBERS }, 'x.')} FROM ${keys} ${sql.seek({ table: t.stats, alias: 'x', on: isRow })}
      ORDER BY x.job, x.bucket, x.width, x.instance FOR UPDATE`,

    /** Empty buckets, so that there is something to lock: of two who begin a minute at once, neither loses its numbers. */
    begin: `INSERT INTO ${t.stats} (namespace, ${columns(KEY)}, ${columns(NUMBERS)})
      SELECT :namespace, ${columns(KEY, 'v.')}, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}'
      FROM ${keys} WHERE v.job IS NOT NULL ORDER BY v.job, v.bucket, v.width, v.instance
      ${sql.ignoreExisting(t.stats, 'namespace')}`,

    write: (): string =>
      sql.updateLocked({
        table: t.stats,
        from: sql.rows(':rows', 'v', { ...KEY, ...NUMBERS }),
        on: isRow,
        set: Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, `v.${name}`])),
      }),

    remove: (): string => sql.remove({ table: t.stats, from: keys, on: isRow }),
  }
}
