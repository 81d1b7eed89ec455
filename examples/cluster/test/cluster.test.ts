import { describeOnServers } from '@escapement/testkit/vitest'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Child, isAlive } from './support/child.ts'

const LEASE_MS = 5_000
const PRINTING_MS = 2_000

describeOnServers(['postgres'], ({ url }) => {
  const children: Child[] = []
  let client: Client

  beforeEach(async () => {
    client = new Client({ connectionString: url() })
    await client.connect()
  })

  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.kill()))
    await client.end()
  })

  function startCluster(...args: string[]): Child {
    const child = new Child('../../src/main.ts', args, { DATABASE_URL: url() })
    children.push(child)
    return child
  }

  async function rows<Row>(text: string): Promise<Row[]> {
    return (await client.query(text)).rows as Row[]
  }

  function pidsOf(cluster: Child): number[] {
    return [...cluster.output.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid))
  }

  it('runs every tick once while one is killed, one is frozen and all are restarted', {
    timeout: 150_000,
  }, async () => {
    const cluster = startCluster('--rounds', '1')
    await cluster.endsWell()
    expect(cluster.output).toContain('All as promised.')

    // Everything stopped after the last label: what was due until then has an end.
    const [span] = await rows<{ first: number; last: number }>(`
      SELECT min(scheduled_for)::float8 AS first, (SELECT max(finished_at)::float8 FROM escapement_executions WHERE job = 'label') AS last
      FROM escapement_executions WHERE job = 'pulse'`)
    const { first = 0, last = 0 } = span ?? {}
    const seconds = Math.floor((last - first) / 1_000) + 1
    expect(seconds).toBeGreaterThan(20)
    const pulses = await rows<{ executions: string; succeeded: string }>(`
      SELECT count(*) AS executions, count(*) FILTER (WHERE status = 'succeeded') AS succeeded
      FROM escapement_executions WHERE job = 'pulse' AND scheduled_for <= ${last} GROUP BY scheduled_for`)
    expect(pulses).toEqual(Array.from({ length: seconds }, () => ({ executions: '1', succeeded: '1' })))
    const [wins] = await rows<{ counted: string; recorded: string }>(`
      SELECT sum(succeeded) AS counted,
        (SELECT count(*) FROM escapement_executions WHERE job = 'pulse' AND status = 'succeeded') AS recorded
      FROM escapement_stats WHERE job = 'pulse'`)
    expect(wins?.counted).toBe(wins?.recorded)

    const labels = await rows<{ status: string; count: string }>(
      `SELECT status, count(*) FROM escapement_executions WHERE job = 'label' GROUP BY status`,
    )
    expect(labels).toEqual([{ status: 'succeeded', count: expect.any(String) as string }])

    const [, killed] = /(\w+) \(pid \d+\) is killed/.exec(cluster.output) ?? []
    // A success without a log has no row among attempts: its execution is its record.
    const takenOver = await rows<{ before: string; after: string; ms: number }>(`
      SELECT a.instance AS before, COALESCE(b.instance, x.instance) AS after,
        (COALESCE(b.started_at, x.started_at) - a.started_at)::float8 AS ms
      FROM escapement_attempts AS a JOIN escapement_executions AS x ON x.seq = a.execution_seq
      LEFT JOIN escapement_attempts AS b ON b.execution_seq = a.execution_seq AND b.number = a.number + 1
      WHERE x.job = 'label' AND a.outcome = 'interrupted' AND a.instance LIKE '${killed}.%'`)
    expect(takenOver.length).toBeGreaterThanOrEqual(1)
    for (const { before, after, ms } of takenOver) {
      expect(after).not.toBe(before)
      expect(ms).toBeLessThan(PRINTING_MS + LEASE_MS + 5_000)
    }

    expect(cluster.output).toMatch(/stocktake +REFUSED +a write under fence \d+, behind a newer one/)
    const overtaken = await rows<{ ended_at: number | null; others: string }>(`
      SELECT run.ended_at, (SELECT count(*) FROM cluster_runs AS other WHERE other.execution_id = run.execution_id
        AND other.attempt > run.attempt AND other.ended_at IS NOT NULL) AS others
      FROM cluster_runs AS run JOIN escapement_executions AS x ON x.id = run.execution_id
      WHERE run.job = 'stocktake' AND x.interruptions > 0 AND run.attempt = 1`)
    expect(overtaken).toContainEqual({ ended_at: null, others: '1' })
    expect(pidsOf(cluster).filter(isAlive)).toEqual([])
  })

  it('stops at Ctrl-C with all its processes, and tells what became of everything', { timeout: 60_000 }, async () => {
    const cluster = startCluster()
    await cluster.says(/label +succeeded/)
    cluster.process.kill('SIGINT')
    cluster.process.kill('SIGINT') // npx and pnpm pass the signal on that the terminal sends as well
    await cluster.endsWell()
    expect(cluster.output).toMatch(/pulse +(\d+) seconds, \1 pulses that ran, each of them once/)
    expect(pidsOf(cluster)).toHaveLength(3)
    expect(pidsOf(cluster).filter(isAlive)).toEqual([])
  })
})
