/**
 * Acquire and release of a free key on SQLite, beside the floor: two prepared UPDATEs, each with its own commit and the
 * same durability (WAL, synchronous=FULL). Blocks of both alternate in one run; prints medians and their ratio.
 *
 *     node packages/lock-db/bench/acquire-release.ts [pairs] [folder]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqlite } from '@escapement/db'
import { dbMutex } from '@escapement/lock-db'

const [, , pairsText = '10000', parent = tmpdir()] = process.argv
const pairs = Number(pairsText)
const folder = mkdtempSync(join(parent, 'escapement-lock-bench-'))
const median = (times: number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN

const floorDb = new DatabaseSync(join(folder, 'floor.db'))
floorDb.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE locks (name TEXT PRIMARY KEY, owner TEXT, fence INTEGER NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO locks VALUES ('key', NULL, 0, 0)`)
const take = floorDb.prepare(`UPDATE locks SET owner = ?, fence = max(fence + 1, ?), expires_at = ?
  WHERE name = ? AND expires_at <= ? RETURNING fence`)
const giveBack = floorDb.prepare(`UPDATE locks SET owner = NULL, expires_at = 0
  WHERE name = ? AND owner = ? AND fence = ? AND expires_at > ?`)

function floor(): void {
  const now = Date.now()
  const { fence } = take.get('owner', now * 1_000, now + 30_000, 'key', now) as { fence: number }
  giveBack.run('key', 'owner', fence, Date.now())
}

const db = openSqlite({ file: join(folder, 'mutex.db') })
const mutex = dbMutex(db)

async function ours(): Promise<void> {
  const lease = await mutex.acquire('key')
  await lease.release()
}

/** Long enough that neither pays for what the other left to the disk. */
const BLOCK = 50

const floorTimes: number[] = []
const ourTimes: number[] = []
for (let pair = 0; pair < pairs + BLOCK; pair++) {
  const isFloor = Math.floor(pair / BLOCK) % 2 === 0
  // As in a host: the event loop turns, and the worker's checkpoints are heard of.
  if (pair % BLOCK === 0) await new Promise((resolve) => setImmediate(resolve))
  const startedAt = performance.now()
  if (isFloor) floor()
  else await ours()
  if (pair >= 2 * BLOCK) (isFloor ? floorTimes : ourTimes).push(performance.now() - startedAt)
}
const result = {
  pairs,
  floorMs: median(floorTimes),
  oursMs: median(ourTimes),
  ratio: median(ourTimes) / median(floorTimes),
}
process.stdout.write(`${JSON.stringify({ node: process.version, ...result, statistics: db.statistics() })}\n`)
await mutex.close()
await db.close()
floorDb.close()
rmSync(folder, { recursive: true, force: true })
