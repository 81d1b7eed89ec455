import type { Finding } from '../store/finding.ts'
import type { Backlog } from '../store/read-store.ts'

/** How the scheduler is. */
export interface Health {
  /** Whether this instance takes work: it runs, and no finding is critical. */
  readonly isReady: boolean
  /** Whether the process should live on: its loops turn. */
  readonly isLive: boolean
  readonly state: 'idle' | 'starting' | 'running' | 'stopping' | 'stopped'
  readonly instance: string
  /** Server clock minus this machine's, milliseconds; null before the first answer. */
  readonly clockOffsetMs: number | null
  readonly backlog: readonly Backlog[]
  readonly running: number
  /** When this instance last started a tick's execution, Unix milliseconds; null: never. */
  readonly lastTickAt: number | null
  /** Longest delay of this instance's own timers in the last minute: how long its event loop was blocked. Milliseconds. */
  readonly longestBlockMs: number
  readonly findings: readonly Finding[]
}
