/**
 * One process of the floor on PostgreSQL: a timer for the full second, one prepared statement that claims what is due, the
 * handlers, and one that settles. The rows were written half a second before, a third of them by each process.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { postgresFloor } from '../harness/postgres-floor.ts'
import { InstanceVoice } from './instance-voice.ts'
import type { FloorInstanceSetting } from './lateness-message.ts'

const { url, jobs } = JSON.parse(process.argv[2] ?? '') as FloorInstanceSetting
const voice = new InstanceVoice()
const floor = await postgresFloor(url)
const end = new AbortController()

async function run(): Promise<void> {
  for (let second = Math.ceil(Date.now() / 1_000 + 1) * 1_000; !end.signal.aborted; second += 1_000) {
    await sleep(second - 500 - Date.now())
    await floor.insert(jobs.map((job) => JSON.stringify({ job })))
    await sleep(second - Date.now())
    while (Date.now() < second) await sleep(1)
    const claimed = await floor.claim(jobs.length * 3)
    await Promise.all(
      claimed.map(async ({ seq, input }) =>
        voice.note({ job: (JSON.parse(input) as { job: string }).job, scheduledFor: second, executionId: String(seq) }),
      ),
    )
    if (claimed.length > 0) await floor.settle(claimed, 'all')
  }
}

const running = run()
voice.speak(async () => {
  end.abort()
  await running
  await floor[Symbol.asyncDispose]()
})
