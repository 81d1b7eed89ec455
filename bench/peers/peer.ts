import type { MeasuredServer } from '../harness/measured-servers.ts'

/** A job queue beside which the scheduler is measured, at its fastest documented settings. */
export interface Peer {
  /** With its version, and where it runs if it could run elsewhere. */
  readonly name: string
  readonly server: MeasuredServer
  /** What is left of a job that succeeded: its row (`all`), or nothing. */
  readonly history: 'all' | 'none'
  /** How it is set; Markdown. */
  readonly settings: string
  /** Makes its tables in an empty database and is ready to take jobs. */
  open(url: string): Promise<PeerQueue>
}

/** One queue of a peer, open. */
export interface PeerQueue extends AsyncDisposable {
  enqueue(input: object): Promise<void>
  /** Adds many the fastest way that it has. */
  enqueueMany(inputs: readonly object[]): Promise<void>
  /** Begins to run them, 20 at a time, by a handler that does nothing but call `onStart` with the input. */
  work(onStart: (input: unknown) => void): Promise<void>
  /** Whether the database knows of no job that is still to be settled. */
  isDrained(): Promise<boolean>
}

/** How many handlers run side by side. */
export const CONCURRENCY = 20
