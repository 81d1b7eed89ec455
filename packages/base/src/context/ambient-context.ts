import { AsyncLocalStorage } from 'node:async_hooks'
import type { Principal } from './principal.ts'

/** What is known about the work that runs right now; logs and the audit trail pick it up by themselves. */
export interface AmbientContext {
  /** On whose behalf: inside a handler `system:job/<name>`. */
  readonly principal?: Principal
  /** The execution whose handler runs. */
  readonly executionId?: string
  /** The job whose handler runs. */
  readonly job?: string
  /** The number of the attempt, from 1. */
  readonly attempt?: number
  /** The W3C `traceparent` under which the work was asked for. */
  readonly traceparent?: string
}

const slot = Symbol.for('escapement.ambient-context')

/** Kept on `globalThis`, so that two copies of the package in one process share one context. */
function storage(): AsyncLocalStorage<AmbientContext> {
  const holder = globalThis as { [slot]?: AsyncLocalStorage<AmbientContext> }
  holder[slot] ??= new AsyncLocalStorage<AmbientContext>()
  return holder[slot]
}

/** The context of the calling code, or undefined outside any. */
export function currentContext(): AmbientContext | undefined {
  return storage().getStore()
}

/** Runs `work`, and all that it starts, with `context` laid over the current one. */
export function withContext<T>(context: AmbientContext, work: () => T): T {
  return storage().run({ ...storage().getStore(), ...context }, work)
}
