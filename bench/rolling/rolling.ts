/**
 * Two versions of the packages on one database, as during a deploy: `node bench/rolling/rolling.ts [--base REVISION]`.
 *
 * The base (the previous commit unless it is named) and this commit are built and packed; this one gets one more migration,
 * which adds a column. Both run ticks together, then the old one alone, then it is started anew on the migrated tables. By
 * id: each tick has one execution, and it succeeded.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openServer, type ServerSource, statement } from '@escapement/db'
import { createTestDatabase, type DatabaseKind, startServers } from '@escapement/testkit/servers'
import { createPool } from 'mysql2'
import { Pool } from 'pg'
import { type Edit, packedVersion } from './packed-version.ts'
import { RollingProcess } from './rolling-process.ts'

const TOGETHER_MS = 22_000
const ALONE_MS = 6_000
/** Ticks that both versions have to run together at least. */
const TICKS = 200

const EXPAND: Edit = {
  path: 'packages/store-db/src/server/schema/server-migrations.ts',
  from: '[{ version: 1, minCompatible: 1, steps }]',
  to: `[
    { version: 1, minCompatible: 1, steps },
    { version: 2, minCompatible: 1, steps: [\`ALTER TABLE \${names.executions} ADD COLUMN \${isPostgres ? 'IF NOT EXISTS' : ''} expanded INTEGER\`] },
  ]`,
}

const { values } = parseArgs({ options: { base: { type: 'string', default: 'HEAD~1' } } })
const work = mkdtempSync(join(tmpdir(), 'escapement-rolling-'))
try {
  console.log(`building ${values.base} and HEAD`)
  const old = packedVersion(join(work, 'old'), values.base)
  const next = packedVersion(join(work, 'new'), 'HEAD', [EXPAND])
  await using started = await startServers(['postgres', 'mariadb'])
  for (const { kind, reason } of started.unavailable) console.warn(`not run on ${kind}: ${reason}`)
  for (const { kind, url } of Object.values(started.servers)) {
    if (kind !== 'postgres' && kind !== 'mariadb') continue
    await using database = await createTestDatabase(kind, url)
    await roll(kind, database.url, old, next)
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}

async function roll(kind: DatabaseKind, url: string, old: string, next: string): Promise<void> {
  const running: RollingProcess[] = []
  const start = async (script: string, ...args: string[]): Promise<RollingProcess> => {
    const instance = await RollingProcess.start(script, url, args)
    running.push(instance)
    return instance
  }
  try {
    const first = await start(old, 'old', 'auto')
    const second = await start(next, 'new', 'auto')
    await sleep(TOGETHER_MS)
    await second.stop()
    const together = await verdict(url)
    if (together.ticks < TICKS) throw new Error(`only ${together.ticks} ticks in ${TOGETHER_MS} ms`)
    for (const name of ['old', 'new']) {
      if ((together.byInstance.get(name) ?? 0) === 0) throw new Error(`the ${name} version ran nothing`)
    }
    await sleep(ALONE_MS)
    await first.stop()
    const third = await start(old, 'old-again', 'check')
    await sleep(ALONE_MS)
    await third.stop()
    const whole = await verdict(url)
    if ((whole.byInstance.get('old-again') ?? 0) === 0) throw new Error('the old version ran nothing when started anew')
    const shares = [...whole.byInstance].map(([name, count]) => `${name} ${count}`).join(', ')
    console.log(`${kind}: ${together.ticks} ticks together, ${whole.ticks} in all (${shares}), each once`)
  } finally {
    for (const instance of running) instance.kill()
  }
}

/** What the tables say by id. @throws Error when a tick was missed, ran twice, or did not succeed. */
async function verdict(url: string): Promise<{ ticks: number; byInstance: ReadonlyMap<string, number> }> {
  const pool = url.startsWith('postgres') ? new Pool({ connectionString: url }) : createPool({ uri: url })
  try {
    const server = await openServer(pool as ServerSource).open()
    const { rows } = await server.run<{ job: string; at: unknown; status: string; output: string | null }>(
      statement(`SELECT job, scheduled_for AS at, status, output FROM ${server.table('escapement_executions')}
        WHERE status NOT IN ('scheduled', 'running', 'claimed') AND job LIKE 'rolling.%'`),
    )
    const seen = new Set<string>()
    const byJob = new Map<string, number[]>()
    const byInstance = new Map<string, number>()
    for (const { job, at, status, output } of rows) {
      const tick = `${job} ${Number(at)}`
      if (seen.has(tick)) throw new Error(`${tick} has two executions`)
      if (status !== 'succeeded') throw new Error(`${tick} is ${status}`)
      seen.add(tick)
      byJob.set(job, [...(byJob.get(job) ?? []), Number(at)])
      const name = String(JSON.parse(output ?? '""'))
      byInstance.set(name, (byInstance.get(name) ?? 0) + 1)
    }
    for (const [job, times] of byJob) {
      const sorted = times.toSorted((a, b) => a - b)
      const missed = sorted.findIndex((time, index) => index > 0 && time - (sorted[index - 1] ?? 0) !== 1_000)
      if (missed > 0) throw new Error(`${job} has no execution between ${sorted[missed - 1]} and ${sorted[missed]}`)
    }
    return { ticks: seen.size, byInstance }
  } finally {
    await ('promise' in pool ? pool.promise().end() : pool.end())
  }
}
