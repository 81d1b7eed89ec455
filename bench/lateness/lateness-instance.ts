/** One process of the cluster: runs jobs that are due each second and tells when each handler began. */
import { createScheduler, defineJob, every } from '@escapement/core'
import { openPlace } from '../harness/store-place.ts'
import { InstanceVoice } from './instance-voice.ts'
import type { InstanceSetting } from './lateness-message.ts'

const setting = JSON.parse(process.argv[2] ?? '') as InstanceSetting
const voice = new InstanceVoice()
const placed = openPlace(setting.place)
const scheduler = createScheduler({
  jobs: Array.from({ length: setting.jobs }, (_, n) =>
    defineJob({
      name: `bench.tick-${n}`,
      trigger: every('1s'),
      overlap: 'allow',
      misfire: 'all',
      run: ({ job, scheduledFor, executionId }) => {
        voice.note({ job, scheduledFor, executionId })
        return null
      },
    }),
  ),
  store: placed.store,
  lease: '5s',
  instance: setting.instance,
})
await scheduler.start()
voice.speak(async () => {
  await scheduler.stop()
  await placed[Symbol.asyncDispose]()
})
