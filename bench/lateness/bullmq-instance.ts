/** One process of a cluster of BullMQ workers: runs jobs that are due each second and tells when each handler began. */
import { bullmqBackend } from '../peers/bullmq-backend.ts'
import type { BullmqInstanceSetting } from './lateness-message.ts'
import { InstanceVoice } from './instance-voice.ts'

const EACH_SECOND = '* * * * * *'

const { url, server, jobs, isFirst } = JSON.parse(process.argv[2] ?? '') as BullmqInstanceSetting
const voice = new InstanceVoice()
const backend = await bullmqBackend(url, server, isFirst ? 'migrate' : 'use')
if (isFirst) {
  for (let n = 0; n < jobs; n++) await backend.queue.upsertJobScheduler(`bench.tick-${n}`, { pattern: EACH_SECOND })
}
const worker = backend.startWorker({ concurrency: jobs, removeOnComplete: { count: 0 } }, async ({ id = '' }) => {
  // As in `repeat:bench.tick-7:1763800000000`.
  const [, job = '', scheduledFor = ''] = id.split(':')
  voice.note({ job, scheduledFor: Number(scheduledFor), executionId: id })
})
voice.speak(async () => {
  await worker.close()
  await backend.queue.close()
})
