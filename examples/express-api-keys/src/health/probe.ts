/** One thing that the health check looks at. */
export interface Probe {
  readonly name: string
  /** Rejects with what is wrong; may resolve to something worth a look that is no reason to fail. */
  readonly check: (signal: AbortSignal) => Promise<string | void>
}
