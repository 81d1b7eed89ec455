import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { HandOffMessage, HandOffOrder } from './hand-off-message.ts'

/** What a process answers of one kind. */
type Answer<Kind extends HandOffMessage['kind']> = Extract<HandOffMessage, { kind: Kind }>

/** One process that waits for a lock or holds it. */
export interface HandOffMember extends AsyncDisposable {
  /** Gives an order; answers what it tells of that kind next. */
  ask<Kind extends HandOffMessage['kind']>(order: HandOffOrder, kind: Kind): Promise<Answer<Kind>>
  /** What it tells of that kind next. */
  hear<Kind extends HandOffMessage['kind']>(kind: Kind): Promise<Answer<Kind>>
  /** SIGKILL. */
  kill(): Promise<void>
}

/** Starts a process that is ready for orders. */
export async function startMember(): Promise<HandOffMember> {
  const child = fork(new URL('./hand-off-process.ts', import.meta.url))
  const hear: HandOffMember['hear'] = (kind) => heard(child, kind)
  await hear('ready')
  return {
    hear,
    ask: (order, kind) => {
      const answer = hear(kind)
      child.send(order)
      return answer
    },
    kill: async () => {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      if (child.connected) child.send({ kind: 'stop' } satisfies HandOffOrder)
      await exit
    },
  }
}

function heard<Kind extends HandOffMessage['kind']>(child: ChildProcess, kind: Kind): Promise<Answer<Kind>> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`a process of a hand-off ended with ${code}`))
    const onMessage = (message: HandOffMessage): void => {
      if (message.kind !== kind) return
      child.off('exit', onExit)
      child.off('message', onMessage)
      resolve(message as Answer<Kind>)
    }
    child.on('exit', onExit)
    child.on('message', onMessage)
  })
}
