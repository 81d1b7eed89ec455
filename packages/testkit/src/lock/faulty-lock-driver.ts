import type { Runtime } from '@escapement/base'
import type { LockDriver } from '@escapement/core'

/** What goes wrong between a client and its lock server. */
export type LockFault =
  /** The request never arrives, and the client learns so. */
  | { readonly kind: 'lost-request' }
  /** The request is handled; the client gets an error instead of the answer. */
  | { readonly kind: 'lost-reply' }
  /** The request never arrives, and nothing is ever answered. */
  | { readonly kind: 'hanging-request' }
  /** The request is handled; nothing is ever answered. */
  | { readonly kind: 'hanging-reply' }
  /** The request arrives `delayMs` milliseconds late. */
  | { readonly kind: 'late-request'; readonly delayMs: number }
  /** The request is handled at once; its answer takes `delayMs` milliseconds. */
  | { readonly kind: 'late-reply'; readonly delayMs: number }

/** The methods of a driver that can be disturbed. */
export type FaultyMethod = 'tryAcquire' | 'renewMany' | 'release' | 'advanceMany'

/** One call that a driver got. */
export interface LockCall {
  readonly method: FaultyMethod
  /** The request, or the list of renewals or registers. */
  readonly argument: unknown
}

/** A driver whose calls go wrong on demand. */
export interface FaultyLockDriver extends LockDriver {
  /** All calls so far, disturbed or not, oldest first. */
  readonly calls: readonly LockCall[]
  /** Disturbs the next `times` calls of `method`, after those that are to be disturbed already. Default once. */
  fail(method: FaultyMethod, fault: LockFault, times?: number): void
  /** Disturbs no more. */
  heal(): void
}

/** The error that a lost request or reply gives. */
class ConnectionLost extends Error {
  override readonly name: string = 'ConnectionLost'
}

/**
 * Wraps a driver, so that requests and replies are lost or late on demand.
 *
 * @param runtime - Sleeps for late requests and replies.
 */
export function faultyLockDriver(driver: LockDriver, runtime: Runtime): FaultyLockDriver {
  const calls: LockCall[] = []
  const faults: Record<FaultyMethod, LockFault[]> = { tryAcquire: [], renewMany: [], release: [], advanceMany: [] }

  const disturbed = <Argument, Answer>(method: FaultyMethod, call: (argument: Argument) => Promise<Answer>) => {
    return async (argument: Argument): Promise<Answer> => {
      calls.push({ method, argument })
      const fault = faults[method].shift()
      return fault === undefined ? call(argument) : withFault(fault, runtime, () => call(argument))
    }
  }

  const faulty: FaultyLockDriver = {
    minTtlMs: driver.minTtlMs,
    maxTtlMs: driver.maxTtlMs,
    tryAcquire: disturbed('tryAcquire', (request) => driver.tryAcquire(request)),
    renewMany: disturbed('renewMany', (renewals) => driver.renewMany(renewals)),
    release: disturbed('release', (release) => driver.release(release)),
    close: () => driver.close(),
    calls,
    fail: (method, fault, times = 1) => faults[method].push(...Array.from({ length: times }, () => fault)),
    heal: () => {
      for (const waiting of Object.values(faults)) waiting.length = 0
    },
  }
  // An optional method that the driver lacks must be lacking here, too: the manager asks whether it is there.
  if (driver.waitForRelease !== undefined) faulty.waitForRelease = driver.waitForRelease.bind(driver)
  const advanceMany = driver.advanceMany?.bind(driver)
  if (advanceMany !== undefined) faulty.advanceMany = disturbed('advanceMany', advanceMany)
  if (driver.now !== undefined) faulty.now = driver.now.bind(driver)
  return faulty
}

async function withFault<Answer>(fault: LockFault, runtime: Runtime, call: () => Promise<Answer>): Promise<Answer> {
  switch (fault.kind) {
    case 'lost-request':
      throw new ConnectionLost('the request was lost')
    case 'lost-reply':
      await call()
      throw new ConnectionLost('the reply was lost')
    case 'hanging-request':
      return never()
    case 'hanging-reply':
      await call()
      return never()
    case 'late-request':
      await runtime.sleep(fault.delayMs)
      return call()
    case 'late-reply': {
      const answer = await call()
      await runtime.sleep(fault.delayMs)
      return answer
    }
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined)
}
