import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemRuntime } from '@escapement/base'
import { type HostChannel, runGuest } from '../../src/run/isolated-guest.ts'
import type { GuestMessage, HostMessage, IsolatedContext, StartMessage } from '../../src/run/isolated-message.ts'
import { contextOf } from './isolated/context-of.ts'

/** A guest in this very thread: what is not seen from outside is that it would end its process. */
class Host implements HostChannel {
  readonly received: GuestMessage[] = []
  hasLeft = false
  tell: (message: HostMessage) => void = () => undefined
  close: () => void = () => undefined

  send(message: GuestMessage, sent?: () => void): void {
    this.received.push(message)
    sent?.()
  }
  onMessage(listener: (message: HostMessage) => void): void {
    this.tell = listener
  }
  onClose(listener: () => void): void {
    this.close = listener
  }
  leave(): void {
    this.hasLeft = true
  }
}

const echo = new URL('./isolated/echo.ts', import.meta.url).href
const waysToFail = new URL('./isolated/ways-to-fail.ts', import.meta.url).href
const exit = vi.spyOn(process, 'exit')
let listeners: NodeJS.UncaughtExceptionListener[]
let onTerm: NodeJS.SignalsListener[]

beforeEach(() => {
  exit.mockReset().mockImplementation(() => undefined as never)
  listeners = process.listeners('uncaughtException')
  onTerm = process.listeners('SIGTERM')
})

afterEach(() => {
  for (const listener of process.listeners('uncaughtException')) {
    if (!listeners.includes(listener)) process.off('uncaughtException', listener)
  }
  for (const listener of process.listeners('SIGTERM')) if (!onTerm.includes(listener)) process.off('SIGTERM', listener)
})

const start = (url: string, context: IsolatedContext): StartMessage => ({
  type: 'escapement:start',
  url,
  context,
  sentAt: systemRuntime.now(),
})

const said = (host: Host, type: string): Promise<GuestMessage> =>
  vi.waitFor(() => host.received.find((message) => message.type === type) ?? Promise.reject(new Error(`no ${type}`)))

const ownListener = (): NodeJS.UncaughtExceptionListener =>
  process
    .listeners('uncaughtException')
    .find((listener) => !listeners.includes(listener)) as NodeJS.UncaughtExceptionListener

test('logs, reports progress, answers, and leaves', async () => {
  const host = new Host()
  await runGuest(start(echo, contextOf(1)), host)
  expect(host.received.map(({ type }) => type)).toEqual([
    'escapement:log',
    'escapement:progress',
    'escapement:log',
    'escapement:result',
  ])
  expect(host.hasLeft).toBe(true)
  expect(exit).not.toHaveBeenCalled()
})

test('a step of progress too small to see is not sent', async () => {
  const host = new Host()
  await runGuest(start(waysToFail, contextOf({ how: 'crawl' })), host)
  expect(host.received.filter(({ type }) => type === 'escapement:progress')).toEqual([
    { type: 'escapement:progress', percent: 10 },
    { type: 'escapement:progress', percent: 11.5 },
  ])
})

test('says how many lines it dropped when too many came at once', async () => {
  const host = new Host()
  await runGuest(start(waysToFail, contextOf({ how: 'flood' })), host)
  expect(host.received.filter(({ type }) => type === 'escapement:log')).toHaveLength(1_001)
})

test('passes the reason of an abort on, and its error back', async () => {
  const host = new Host()
  const done = runGuest(start(waysToFail, contextOf({ how: 'until-aborted' })), host)
  await said(host, 'escapement:log')
  const record = { name: 'CancelledError', message: 'enough', code: 'ERR_CANCELLED' }
  host.tell({ type: 'escapement:abort', reason: { record } })
  await done
  expect(host.received.at(-1)).toMatchObject({ type: 'escapement:error', error: { record } })
})

test('rule 17: aborts and then exits at the end of its lease, counted from when the message was sent', async () => {
  const host = new Host()
  void runGuest(start(waysToFail, contextOf({ how: 'deaf' })), host)
  await said(host, 'escapement:log')
  host.tell({ type: 'escapement:lease', remainingMs: 60_000, sentAt: systemRuntime.now() - 59_800 })
  await vi.waitFor(() => expect(exit).toHaveBeenCalledExactlyOnceWith(1))
  expect(host.received.map(({ type }) => type)).toEqual(['escapement:log', 'escapement:log', 'escapement:error'])
  expect(host.received[1]).toMatchObject({ message: 'aborted' })
  expect(host.received[2]).toMatchObject({ error: { record: { code: 'ERR_LEASE_LOST' } } })
})

test('rule 17: aborts and then exits when its channel closes', async () => {
  const host = new Host()
  void runGuest(start(waysToFail, contextOf({ how: 'deaf' })), host)
  await said(host, 'escapement:log')
  host.close()
  await vi.waitFor(() => expect(exit).toHaveBeenCalledExactlyOnceWith(1), { timeout: 4_000 })
  expect(host.received.at(-1)).toMatchObject({ error: { record: { message: 'the host of execution e-1 is gone' } } })
})

test('an exception that nobody caught is reported before the end, and one after the end changes nothing', async () => {
  const host = new Host()
  await runGuest(start(echo, contextOf(1)), host)
  ownListener()(new Error('too late'), 'uncaughtException')
  expect(exit).toHaveBeenCalledExactlyOnceWith(1)
  expect(host.received.at(-1)?.type).toBe('escapement:result')
  host.close()

  process.off('uncaughtException', ownListener())
  const other = new Host()
  void runGuest(start(waysToFail, contextOf({ how: 'deaf' })), other)
  await said(other, 'escapement:log')
  ownListener()(new Error('nobody caught me'), 'uncaughtException')
  expect(other.received.at(-1)).toMatchObject({
    type: 'escapement:crash',
    error: { record: { message: 'nobody caught me' } },
  })
})

test('a lease that has ended cannot be held', async () => {
  const host = new Host()
  await runGuest(start(echo, contextOf(1, { remainingMs: 0 })), host)
  expect(host.received.at(-1)).toMatchObject({
    type: 'escapement:error',
    error: { record: { code: 'ERR_LEASE_LOST' } },
  })
})
