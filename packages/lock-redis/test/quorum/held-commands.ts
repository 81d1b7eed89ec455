import type { RedisClient } from '@escapement/lock-redis'
import type { OpenClient } from '../clients.ts'

/** A command that has been sent and has not arrived. */
export interface HeldCommand {
  readonly from: string
  /** Which server it is sent to. */
  readonly to: number
  /** Lets it arrive, and answers it. */
  pass(): Promise<void>
  /** Lets it arrive, and loses the answer. */
  loseReply(): Promise<void>
  /** Loses it; what it answers lets it arrive all the same, later. */
  loseRequest(): () => Promise<void>
}

/** Clients whose commands stay where they are until a test lets them go on: the order of everything is the test's. */
export class HeldCommands {
  readonly held: HeldCommand[] = []

  /** What a driver takes for a client of ioredis. */
  client(from: string, to: number, { command }: OpenClient): RedisClient {
    return {
      status: 'ready',
      isCluster: false,
      call: (name: string, ...values: string[]) => this.#hold(from, to, async () => command(name, ...values)),
      connect: async () => undefined,
      duplicate: () => ({ on: () => undefined, subscribe: async () => undefined, disconnect: () => undefined }),
      on: () => undefined,
      off: () => undefined,
    }
  }

  /** Takes the oldest of those that one client has sent to one server. */
  take(from: string, to: number): HeldCommand | undefined {
    const index = this.held.findIndex((command) => command.from === from && command.to === to)
    return index < 0 ? undefined : this.held.splice(index, 1)[0]
  }

  #hold(from: string, to: number, send: () => Promise<unknown>): Promise<unknown> {
    const lost = (): Error => new Error('the connection was lost')
    return new Promise((resolve, reject) => {
      this.held.push({
        from,
        to,
        pass: () => send().then(resolve, reject),
        loseReply: () => send().then(() => reject(lost()), reject),
        loseRequest: () => {
          reject(lost())
          return async () => void (await send().catch(() => undefined))
        },
      })
    })
  }
}

/** Resolves when all who have been answered have gone on as far as they can by themselves. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}
