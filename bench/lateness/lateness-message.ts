/** One handler's start, as its process noted it. */
export interface Start {
  readonly job: string
  readonly scheduledFor: number
  readonly executionId: string
  readonly latenessMs: number
}

/** What a process of the cluster tells. */
export type InstanceMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'starts'; readonly starts: readonly Start[] }
  | { readonly kind: 'stopped' }

/** What it is told. */
export interface InstanceOrder {
  readonly kind: 'stop'
}

/** What it is started with, as JSON in its one argument. */
export interface InstanceSetting {
  readonly path: string
  readonly jobs: number
  readonly mutex: boolean
  /** Its id begins with it. */
  readonly instance: string
}
