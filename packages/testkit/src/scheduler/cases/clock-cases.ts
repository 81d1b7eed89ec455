import { defineJob, every } from '@escapement/core'
import { strict as assert } from 'node:assert'
import type { ClusterMember, VirtualCluster } from '../../machine/virtual-cluster.ts'
import type { VirtualNodeOptions } from '../../runtime/virtual-node.ts'
import { type SchedulerCase, schedulerCase } from '../scheduler-case.ts'

const SECOND = 1_000
const HOUR = 3_600_000

/** A job each two seconds; `ran` has the seconds at which it was due, `late` by how much it started later. */
async function ticking(
  cluster: VirtualCluster,
  clock: VirtualNodeOptions = {},
): Promise<ClusterMember & { ran: number[]; late: number[] }> {
  const ran: number[] = []
  const late: number[] = []
  const job = defineJob({
    name: 'tick',
    trigger: every('2s'),
    overlap: 'allow',
    run: ({ scheduledFor }) => {
      ran.push((scheduledFor - cluster.startedAt) / SECOND)
      late.push(cluster.runtime.now() - scheduledFor)
    },
  })
  return { ...(await cluster.start({ jobs: [job] }, clock)), ran, late }
}

/** Whose clock decides. */
export const clockCases: readonly SchedulerCase[] = [
  schedulerCase([9], 'an instance whose wall clock is an hour ahead starts nothing early', async (cluster) => {
    const { scheduler, ran, late } = await ticking(cluster, { offsetMs: HOUR, driftPpm: 200 })
    await cluster.reach(12 * SECOND)
    assert.deepEqual(ran, [2, 4, 6, 8, 10, 12])
    assert.equal(Math.min(...late), 0)
    assert.ok(Math.max(...late) < 100, `starts are ${late.join(', ')} ms late`)
    const { clockOffsetMs } = await scheduler.health()
    assert.ok(clockOffsetMs !== null && Math.abs(clockOffsetMs + HOUR) < SECOND, `the offset is ${clockOffsetMs} ms`)
  }),

  schedulerCase([9], 'a host whose wall clock steps neither loses nor doubles a tick', async (cluster) => {
    const { machine, ran } = await ticking(cluster)
    for (const [stepMs, at] of [
      [-HOUR, 5],
      [2 * HOUR, 9],
    ] as const) {
      await cluster.reach(at * SECOND)
      machine.runtime.stepWallClock(stepMs)
    }
    await cluster.reach(14 * SECOND)
    assert.deepEqual(ran, [2, 4, 6, 8, 10, 12, 14])
  }),

  schedulerCase(
    [9],
    "after the server's clock has stepped back no tick runs twice, and health tells",
    async (cluster) => {
      const { scheduler, ran } = await ticking(cluster)
      await cluster.reach(5 * SECOND)
      cluster.runtime.stepWallClock(-10 * SECOND)
      await cluster.runtime.advance('32s')
      assert.ok((await scheduler.health()).findings.some(({ code }) => code === 'clock-step'))
      assert.ok(ran.length > 10, `${ran.length} ticks ran`)
      assert.equal(new Set(ran).size, ran.length)
    },
  ),
]
