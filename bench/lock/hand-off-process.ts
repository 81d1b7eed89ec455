/** One process of those that hand a lock on: waits for it, or holds it, as it is told. */
import { systemRuntime } from '@escapement/base'
import type { HandOffMessage, HandOffOrder, Tenure } from './hand-off-message.ts'
import type { OpenLock } from './lock-contender.ts'
import { lockContender } from './lock-contenders.ts'

/** How long a waiter keeps what it has waited for: some work, and time for the others to be waiting again. */
const HOLD_MS = 5

const now = (): number => Number(process.hrtime.bigint()) / 1e6
let lock: OpenLock | undefined
let held: { readonly grantedAt: number; readonly release: () => Promise<unknown> } | undefined

async function obey(order: HandOffOrder): Promise<HandOffMessage | null> {
  switch (order.kind) {
    case 'open':
      await lock?.[Symbol.asyncDispose]()
      lock = await (await lockContender(order.backend, order.contender)).open(order.place)
      return { kind: 'ready' }
    case 'hold': {
      const release = await opened().acquire(order.key, order.ttlMs)
      held = { grantedAt: now(), release }
      return { kind: 'held', grantedAt: held.grantedAt }
    }
    case 'release': {
      if (held === undefined) throw new Error('told to release what is not held')
      const { grantedAt, release } = held
      const releasedAt = now()
      await release()
      return { kind: 'released', tenures: [{ grantedAt, releasedAt }] }
    }
    case 'wait': {
      const waiting = Array.from({ length: order.waiters }, () => tenure(order.key, order.ttlMs))
      process.send?.({ kind: 'waiting' } satisfies HandOffMessage)
      return { kind: 'served', tenures: await Promise.all(waiting) }
    }
    case 'stop':
      await lock?.[Symbol.asyncDispose]()
      process.disconnect()
      return null
  }
}

async function tenure(key: string, ttlMs: number): Promise<Tenure> {
  const release = await opened().acquire(key, ttlMs)
  const grantedAt = now()
  await systemRuntime.sleep(HOLD_MS)
  const releasedAt = now()
  await release()
  return { grantedAt, releasedAt }
}

function opened(): OpenLock {
  if (lock === undefined) throw new Error('told to lock before it was told where')
  return lock
}

async function answer(order: HandOffOrder): Promise<void> {
  const message = await obey(order)
  if (message !== null) process.send?.(message)
}

process.on('message', (order: HandOffOrder) => {
  answer(order).catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
})
// Also when whoever gives the orders has died.
process.on('disconnect', () => process.exit())
process.send?.({ kind: 'ready' } satisfies HandOffMessage)
