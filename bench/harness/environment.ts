import { arch, cpus, loadavg, release, totalmem, type } from 'node:os'
import { DatabaseSync } from 'node:sqlite'
import { fsyncCost } from './fsync-cost.ts'

/** Where and when figures were measured; names no host and no path. */
export interface Environment {
  /** ISO date. */
  readonly date: string
  readonly node: string
  readonly sqlite: string
  readonly system: string
  readonly processor: string
  readonly cores: number
  readonly memoryGb: number
  readonly fsyncMs: number
  readonly fsyncP99Ms: number
  /** How many processes wanted to run, on average over the last five minutes, this one included. */
  readonly load: number
}

/** Looks at this machine. */
export function environment(): Environment {
  const database = new DatabaseSync(':memory:')
  const { version } = database.prepare('SELECT sqlite_version() AS version').get() as { version: string }
  database.close()
  const fsync = fsyncCost()
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    sqlite: version,
    system: `${type()} ${release().split('-')[0]} ${arch()}`,
    processor: (cpus()[0]?.model ?? 'unknown').trim(),
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    fsyncMs: fsync.medianMs,
    fsyncP99Ms: fsync.p99Ms,
    load: loadavg()[1] ?? 0,
  }
}
