/** One process of the soak: `soak-instance.ts <history file>`, driven by messages of its parent. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@escapement/base'
import { type AnyJob, createScheduler, defineJob, every, type Scheduler } from '@escapement/core'
import { type KillPoint, type KillPointStore, killPointStore } from './kill-point-store.ts'
import { notingStore } from './noting-store.ts'
import { SoakHistory } from './soak-history.ts'
import type { SoakOrder, SoakSetting } from './soak-setting.ts'
import { type SoakStore, soakStore } from './soak-store.ts'

/** So many that two processes could do it all while the others are dead. */
const CONCURRENCY = 60
/** With so many handlers under way a process is worth disturbing. */
const BUSY = 8

const history = new SoakHistory(process.argv[2] ?? '')
const instances = new Map<string, string>() // the instance under which an execution's newest attempt was started here
const fences = new Map<string, string>()
const silent = (): void => undefined
const logger: Logger = { debug: silent, info: silent, warn: silent, error: silent } // troubles are in the history

const delay = monitorEventLoopDelay({ resolution: 1 })
const noteLoop = (): void => history.note({ kind: 'loop', at: Date.now(), longestMs: Math.max(0, delay.max / 1e6 - 1) })

let opened: SoakStore | undefined
let store: KillPointStore | undefined
let scheduler: Scheduler | undefined
let longestHandlerMs = 0
let running = 0
let isAwaited = false

process.on('SIGCONT', () => {
  history.note({ kind: 'continued', at: Date.now() })
  setTimeout(() => delay.reset(), 50) // the stop itself was no block
})
process.on('message', (order: SoakOrder) => {
  switch (order.order) {
    case 'begin':
      return void begin(order.setting)
    case 'tell-when-busy':
      isAwaited = true
      return tellBusy()
    case 'die-at':
      return store?.arm(order.point as KillPoint, order.marker)
    case 'die':
      return store?.die()
    case 'stop-yourself':
      // In a turn of its own: a transaction never spans one, so none is open.
      history.note({ kind: 'stopped', at: Date.now() })
      return void process.kill(process.pid, 'SIGSTOP')
    case 'finish':
      return void finish()
  }
})
const orphaned = (): never => process.exit(1)
process.once('disconnect', orphaned)
process.send?.('loaded')

async function begin(setting: SoakSetting): Promise<void> {
  const { leaseMs: lease, horizonMs: horizon } = setting
  longestHandlerMs = setting.longestHandlerMs
  opened = soakStore(setting.database)
  store = killPointStore(notingStore(opened.store, history), history)
  const jobs = Array.from({ length: setting.jobs }, (_, index) => soakJob(index, setting))
  scheduler = createScheduler({ jobs, store: store.store, lease, horizon, concurrency: CONCURRENCY, logger })
  scheduler.on('execution:started', ({ executionId, instance }) => instances.set(executionId, instance))
  scheduler.on('execution:lost', ({ executionId, instance, wasResultRefused }) => {
    if (!wasResultRefused) return
    history.note({
      kind: 'refused',
      at: Date.now(),
      execution: executionId,
      instance,
      fence: fences.get(executionId) ?? '0',
    })
  })
  scheduler.on('scheduler:error', ({ during, error }) => {
    const message = error instanceof Error ? error.message : String(error)
    history.note({ kind: 'trouble', at: Date.now(), during, message })
  })
  await scheduler.start()
  delay.enable()
  setInterval(noteLoop, 500).unref()
  process.send?.('started')
}

function soakJob(index: number, { from, until }: SoakSetting): AnyJob {
  return defineJob({
    name: `soak-${index}`,
    trigger: every('1s', { from, until }),
    overlap: 'allow',
    misfire: 'all',
    run: async ({ executionId, fence, job, scheduledFor, signal }) => {
      const who = { execution: executionId, instance: instances.get(executionId) ?? '', fence: String(fence) }
      fences.set(executionId, who.fence)
      history.note({ kind: 'started', at: Date.now(), job, tick: scheduledFor, ...who })
      signal.addEventListener('abort', () => history.note({ kind: 'aborted', at: Date.now(), ...who }))
      running++
      tellBusy()
      await sleep(Math.random() * longestHandlerMs) // deaf to its signal, so that late results are brought
      running--
      history.note({ kind: 'done', at: Date.now(), ...who })
    },
  })
}

function tellBusy(): void {
  if (!isAwaited || running < BUSY || store?.isDying() === true) return
  isAwaited = false
  process.send?.('busy')
}

async function finish(): Promise<void> {
  await scheduler?.stop({ grace: longestHandlerMs * 2 })
  noteLoop()
  await opened?.close()
  process.off('disconnect', orphaned)
  process.disconnect()
}
