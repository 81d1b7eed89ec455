/** One process of the cluster: runs jobs that are due each second and tells when each handler began. */
import { createScheduler, defineJob, every } from '@escapement/core'
import { openSqlite } from '@escapement/db'
import { dbMutex } from '@escapement/lock-db'
import { sqliteStore } from '@escapement/store-db'
import type { InstanceMessage, InstanceOrder, InstanceSetting, Start } from './lateness-message.ts'

const TELL_MS = 100

const setting = JSON.parse(process.argv[2] ?? '') as InstanceSetting
let starts: Start[] = []

const scheduler = createScheduler({
  jobs: Array.from({ length: setting.jobs }, (_, n) =>
    defineJob({
      name: `bench.tick-${n}`,
      trigger: every('1s'),
      overlap: 'allow',
      misfire: 'all',
      run: ({ job, scheduledFor, executionId }) => {
        // Both clocks are this machine's; the wall clock alone has whole milliseconds only.
        const latenessMs = performance.timeOrigin + performance.now() - scheduledFor
        starts.push({ job, scheduledFor, executionId, latenessMs })
        return null
      },
    }),
  ),
  store: sqliteStore(setting.path),
  ...(setting.mutex ? { mutex: dbMutex(openSqlite({ file: setting.path })) } : {}),
  lease: '5s',
  instance: setting.instance,
})

function tell(message: InstanceMessage): void {
  process.send?.(message)
}

function tellStarts(): void {
  if (starts.length === 0) return
  tell({ kind: 'starts', starts })
  starts = []
}

const timer = setInterval(tellStarts, TELL_MS)

async function stop(): Promise<void> {
  await scheduler.stop()
  clearInterval(timer)
  tellStarts()
  tell({ kind: 'stopped' })
  process.disconnect()
}

process.on('message', (order: InstanceOrder) => {
  if (order.kind === 'stop') void stop()
})
await scheduler.start()
tell({ kind: 'ready' })
