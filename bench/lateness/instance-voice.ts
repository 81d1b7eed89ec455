import type { InstanceMessage, InstanceOrder, Start } from './lateness-message.ts'

const TELL_MS = 100

/** How a process of the cluster tells what it does, and hears when it is to stop. */
export class InstanceVoice {
  #starts: Start[] = []

  /** Notes that the handler of a tick has begun, now. */
  note(of: Omit<Start, 'latenessMs'>): void {
    // Both clocks are this machine's; the wall clock alone has whole milliseconds only.
    this.#starts.push({ ...of, latenessMs: performance.timeOrigin + performance.now() - of.scheduledFor })
  }

  /** Tells that all is set up, then what was noted, and calls `stop` when it is told to. */
  speak(stop: () => Promise<void>): void {
    const timer = setInterval(() => this.#tellStarts(), TELL_MS)
    const end = async (): Promise<void> => {
      await stop()
      clearInterval(timer)
      this.#tellStarts()
      tell({ kind: 'stopped' })
      process.disconnect()
    }
    process.on('message', (order: InstanceOrder) => {
      if (order.kind === 'stop') void end()
    })
    tell({ kind: 'ready' })
  }

  #tellStarts(): void {
    if (this.#starts.length === 0) return
    tell({ kind: 'starts', starts: this.#starts })
    this.#starts = []
  }
}

function tell(message: InstanceMessage): void {
  process.send?.(message)
}
