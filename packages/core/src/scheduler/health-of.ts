import { isPausedNow } from '../policy/pause.ts'
import type { EngineContext } from '../context/engine-context.ts'
import type { Engine } from './engine.ts'
import type { Finding } from '../store/finding.ts'
import type { Health } from './health.ts'
import type { Registrar } from '../instance/registrar.ts'
import type { TroubleLog } from './trouble-log.ts'

const MOST_STRANDED = 20
/** A loop that was blocked this long delays every timer. Milliseconds. */
const LONG_BLOCK_MS = 200
/** A step of the server's clock is worth a finding for this long. Milliseconds. */
const STEP_SHOWN_MS = 600_000

/** How the scheduler is, with what an operator should look at. Never throws: a store that is away is a finding. */
export async function healthOf(
  context: EngineContext,
  engine: Engine,
  registrar: Registrar,
  troubles: TroubleLog,
): Promise<Health> {
  const { clock, store, namespace, timers } = context
  const findings: Finding[] = [...troubles.findings(), ...(store.findings?.() ?? [])]
  const warn = (code: string, message: string): void => void findings.push({ code, severity: 'warning', message })
  let backlog: Health['backlog'] = []
  try {
    await store.open()
    backlog = await store.backlog(namespace)
    const stranded = await store.stranded(namespace, MOST_STRANDED)
    if (stranded.length > 0) {
      warn(
        'no-handler',
        `work is due for jobs that no live instance has a handler for: ${stranded.join(', ')}; start an instance that defines and accepts them, or retire them`,
      )
    }
    const now = await store.now()
    for (const queue of await store.queueStates(namespace)) {
      if (isPausedNow(queue.pauses, now))
        warn('queue-paused', `queue "${queue.name}" is paused: nothing of it starts until it is resumed`)
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    findings.push({ code: 'store-unavailable', severity: 'critical', message: `the store does not answer: ${message}` })
  }
  if (registrar.waiting.size > 0) {
    warn(
      'superseded',
      `this instance defines jobs otherwise than the definition in force: ${[...registrar.waiting].slice(0, MOST_STRANDED).join(', ')}; that is normal during a deploy`,
    )
  }
  if (engine.executor.abandonedCount > 0) {
    warn(
      'abandoned',
      `${engine.executor.abandonedCount} handlers ignore their abort signal; pass it on to what they wait for, or isolate them`,
    )
  }
  const longestBlockMs = Math.round(timers.longestDelayMs())
  if (longestBlockMs >= LONG_BLOCK_MS) {
    warn(
      'loop-blocked',
      `the event loop was blocked for ${longestBlockMs} ms in the last minute; move synchronous work to isolated handlers`,
    )
  }
  const step = clock.lastStep
  if (step !== null && clock.now() - step.at < STEP_SHOWN_MS) {
    warn(
      'clock-step',
      `the server's clock stepped by ${step.ms} ms at ${new Date(step.at).toISOString()}; leases and due times shift with it`,
    )
  }
  if (store.capabilities.shared && !store.capabilities.notify) {
    warn('polling', 'the store cannot notify: changes of other processes are noticed within a second')
  }
  const isRunning = engine.state === 'running'
  const hasLease = engine.membership.lease.remainingMs() > 0
  if (isRunning && !hasLease) {
    findings.push({
      code: 'lease-lost',
      severity: 'critical',
      message: 'this instance could not renew its lease in time and takes no work until it can',
    })
  }
  return {
    isReady: isRunning && findings.every(({ severity }) => severity !== 'critical'),
    isLive: engine.state !== 'stopped',
    state: engine.state,
    instance: engine.membership.id,
    clockOffsetMs: clock.offsetMs(),
    backlog,
    running: engine.executor.running,
    lastTickAt: engine.executor.lastTickAt,
    longestBlockMs,
    findings,
  }
}
