/**
 * A thread beside an isolated handler in its process: ends the process when the lease ends, also while the handler
 * blocks the event loop, where neither a timer nor the closed channel would be noticed. Its pipe carries the leases past
 * that loop, so that a handler may well compute for longer than one lease while its host lives.
 */
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { workerData } from 'node:worker_threads'
import { systemRuntime, type Timer, TimerQueue } from '@escapement/base'
import { isolatedDeadline, LAST_WORDS_MS } from './isolated-deadline.ts'
import type { SentLease } from './isolated-message.ts'

const timers = new TimerQueue(systemRuntime)
const pipe = new Socket({ fd: (workerData as { fd: number }).fd, readable: true, writable: false })
let deadline = Number.POSITIVE_INFINITY
let timer: Timer | undefined

function endAt(instant: number): void {
  deadline = instant
  timer?.cancel()
  timer = timers.after(deadline - systemRuntime.monotonic(), () => process.kill(process.pid, 'SIGKILL'))
}

createInterface(pipe).on('line', (line) => endAt(isolatedDeadline(JSON.parse(line) as SentLease, systemRuntime).endAt))
// Twice: the guest's own loop has its turn first, and its exit says more than a signal does.
pipe.once('close', () => endAt(Math.min(deadline, systemRuntime.monotonic() + 2 * LAST_WORDS_MS)))
pipe.on('error', () => pipe.destroy())
