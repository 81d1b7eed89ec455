import { type ChildProcess, fork } from 'node:child_process'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { systemRuntime, TimerQueue } from '@escapement/base'
import type { IsolatedHandler } from '../job/isolated.ts'
import type { GuestChannel, GuestListener } from './isolated-guest-channel.ts'
import { type GuestMessage, type HostMessage, isOurs, type SentLease, type StartMessage } from './isolated-message.ts'

/** How long a process may take to end after SIGTERM, before SIGKILL. Milliseconds. */
const TERM_MS = 1_000

/** Where the child finds the pipe that carries its lease to the thread that watches over it. */
const LEASE_FD = 4

/** Options of Node.js that a child must not inherit: they run other code, take the inspector's port, or watch files. */
const NOT_INHERITED = /^--(inspect|test|watch|eval|print|input-type|check|interactive)/
const WITH_CODE = new Set(['-e', '--eval', '-p', '--print', '-pe'])

/** Starts a guest in a child process with an IPC channel and a second pipe for its lease. */
export function startProcess(handler: IsolatedHandler, start: StartMessage, listener: GuestListener): GuestChannel {
  const child = fork(fileURLToPath(new URL('./isolated-child.ts', import.meta.url)), {
    execArgv: [...inheritedOptions(process.execArgv), ...memoryOptions(handler)],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
  })
  tellEnd(child, listener)
  // Node leaves `stdio` out when it could not start the process.
  const leases = (child.stdio as Partial<typeof child.stdio> | undefined)?.[LEASE_FD] as Writable | null | undefined
  leases?.on('error', () => undefined) // the child is gone, as its end will tell
  const send = (message: HostMessage): void => {
    if (child.connected) child.send(message, () => undefined)
    const lease = leaseOf(message)
    if (lease !== null && leases?.writable === true) leases.write(`${JSON.stringify(lease)}\n`)
  }
  child.on('message', (message: unknown) => {
    if (isOurs(message)) listener.received(message as GuestMessage)
  })
  send(start)
  let ending: Promise<void> | undefined
  return { send, terminate: () => (ending ??= terminate(child)) }
}

function leaseOf(message: HostMessage): SentLease | null {
  if (message.type === 'escapement:abort') return null
  const { remainingMs } = message.type === 'escapement:start' ? message.context : message
  return { remainingMs, sentAt: message.sentAt }
}

/** The channel may still hold messages when `exit` comes: only when both have ended has everything been received. */
function tellEnd(child: ChildProcess, listener: GuestListener): void {
  let how: string | undefined
  let cause: unknown
  let hasTold = false
  const tell = (): void => {
    if (how === undefined || child.connected || hasTold) return
    hasTold = true
    listener.ended({ how, ...(cause !== undefined && { cause }) })
  }
  child.on('error', (error) => {
    cause = error
    if (child.pid !== undefined) return // a message that could not be sent; the process itself lives
    how = `could not be started: ${error.message}`
    tell()
  })
  child.once('exit', (code, signal) => {
    how = signal === null ? `exited with code ${code}` : `was ended by ${signal}${signal === 'SIGABRT' ? ABORTED : ''}`
    tell()
  })
  child.once('disconnect', tell)
}

const ABORTED = ' (out of memory, or process.abort)'

async function terminate(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  using timers = new TimerQueue(systemRuntime)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  timers.after(TERM_MS, () => child.kill('SIGKILL'))
  await ended
}

function inheritedOptions(execArgv: readonly string[]): string[] {
  return execArgv.filter((option, index) => {
    const previous = execArgv[index - 1]
    if (previous !== undefined && WITH_CODE.has(previous)) return false
    return !WITH_CODE.has(option) && !NOT_INHERITED.test(option)
  })
}

/** The limits of worker threads as options of a process; V8's young generation is three semi-spaces. */
function memoryOptions({ resourceLimits }: IsolatedHandler): string[] {
  const { maxOldGenerationSizeMb, maxYoungGenerationSizeMb } = resourceLimits ?? {}
  const options: string[] = []
  if (maxOldGenerationSizeMb !== undefined) options.push(`--max-old-space-size=${Math.ceil(maxOldGenerationSizeMb)}`)
  if (maxYoungGenerationSizeMb !== undefined) {
    options.push(`--max-semi-space-size=${Math.max(1, Math.floor(maxYoungGenerationSizeMb / 3))}`)
  }
  return options
}
