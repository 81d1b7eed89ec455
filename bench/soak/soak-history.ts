import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

/** What one process noted as it happened. Instants are Unix milliseconds of the machine that all share. */
export type SoakNote =
  /** A lease was asked for at `at` and granted: the instance may count on it until `until`. */
  | { readonly kind: 'lease'; readonly at: number; readonly instance: string; readonly until: number }
  /** The store said that an execution is this instance's now. */
  | ({ readonly kind: 'claimed'; readonly tick: number; readonly job: string } & SoakAttempt)
  /** A handler was called. */
  | ({ readonly kind: 'started'; readonly tick: number; readonly job: string } & SoakAttempt)
  /** A handler's signal aborted, or its work was done. */
  | ({ readonly kind: 'aborted' | 'done' } & SoakAttempt)
  /** The store refused what a handler brought: its fence was no longer the newest. */
  | ({ readonly kind: 'refused' } & SoakAttempt)
  /** The process is about to kill itself at a named point. */
  | { readonly kind: 'died-at'; readonly at: number; readonly point: string }
  | { readonly kind: 'stopped' | 'continued'; readonly at: number }
  /** The longest block of the event loop so far. */
  | { readonly kind: 'loop'; readonly at: number; readonly longestMs: number }
  /** The scheduler reported a failure that nobody waits for. */
  | { readonly kind: 'trouble'; readonly at: number; readonly during: string; readonly message: string }

/** Which try of which execution. */
interface SoakAttempt {
  readonly at: number
  readonly execution: string
  readonly instance: string
  /** The execution's fence, a decimal: greater with each time that it is claimed. */
  readonly fence: string
}

/** Notes that survive SIGKILL: each is handed to the system before the next thing happens. */
export class SoakHistory {
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  note(note: SoakNote): void {
    writeSync(this.#file, `${JSON.stringify(note)}\n`)
  }

  close(): void {
    closeSync(this.#file)
  }
}

/** What a process noted; a last line that its death cut off is left out. */
export function readSoakHistory(path: string): readonly SoakNote[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.slice(0, -1).map((line) => JSON.parse(line) as SoakNote)
}
