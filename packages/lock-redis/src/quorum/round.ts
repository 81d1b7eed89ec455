import type { EscapementError, TimerQueue } from '@escapement/base'
import { redisError } from '../error/redis-error.ts'
import type { QuorumServer } from './quorum-server.ts'

/** What servers have said to one question. What comes after the time for it is over is not heard. */
export class Round<Answer> {
  readonly answers: Map<QuorumServer, Answer> = new Map()
  /** Those that have failed, or, with null, have not answered in time. */
  readonly problems: Map<QuorumServer, EscapementError | null> = new Map()
  readonly #timers: TimerQueue

  constructor(timers: TimerQueue) {
    this.#timers = timers
  }

  /**
   * Asks some servers more, all at once, and resolves when all have answered, or the rest can be left out, or after `limitMs`.
   *
   * @param isDecided - Whether the rest can be left out: `open` of them have not answered.
   */
  ask(
    servers: readonly QuorumServer[],
    question: (server: QuorumServer) => Promise<Answer>,
    limitMs: number,
    isDecided: (open: number) => boolean = () => false,
  ): Promise<void> {
    if (servers.length === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const open = new Set(servers)
      let isOver = false
      const end = (): void => {
        isOver = true
        timer?.cancel()
        resolve()
      }
      const giveUp = (): void => {
        for (const server of open) {
          server.isSilent = true
          this.problems.set(server, null)
        }
        end()
      }
      const timer = Number.isFinite(limitMs) ? this.#timers.after(limitMs, giveUp) : undefined
      const hear = (server: QuorumServer, note: () => void): void => {
        if (isOver) return
        open.delete(server)
        note()
        if (open.size === 0 || isDecided(open.size)) end()
      }
      for (const server of servers) {
        question(server).then(
          (answer) => hear(server, () => this.answers.set(server, answer)),
          (error: unknown) => hear(server, () => this.problems.set(server, redisError(error))),
        )
      }
    })
  }

  /** How many have answered so. */
  count(is: (answer: Answer) => boolean): number {
    return [...this.answers.values()].filter(is).length
  }
}
