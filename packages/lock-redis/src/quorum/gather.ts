import type { TimerQueue } from '@escapement/base'

/** What was answered by when it was decided, or the time was over. */
export interface Gathered<Answer> {
  readonly answers: readonly Answer[]
  readonly failures: readonly unknown[]
}

/**
 * Waits for as many answers as decide, for at most `limitMs`: a server that does not answer holds up nobody. What comes later
 * is not heard.
 *
 * @param isDecided - Whether the others can be left out, of whom `open` have not answered.
 */
export function gather<Answer>(
  timers: TimerQueue,
  limitMs: number,
  asked: readonly Promise<Answer>[],
  isDecided: (answers: readonly Answer[], open: number) => boolean,
): Promise<Gathered<Answer>> {
  return new Promise((resolve) => {
    const answers: Answer[] = []
    const failures: unknown[] = []
    const end = (): void => {
      timer.cancel()
      resolve({ answers: [...answers], failures: [...failures] })
    }
    const timer = timers.after(limitMs, end)
    const look = (): void => {
      const open = asked.length - answers.length - failures.length
      if (open === 0 || isDecided(answers, open)) end()
    }
    for (const each of asked) {
      each.then(
        (answer) => {
          answers.push(answer)
          look()
        },
        (error: unknown) => {
          failures.push(error)
          look()
        },
      )
    }
  })
}
