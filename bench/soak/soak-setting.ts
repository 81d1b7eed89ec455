import type { SoakAddress } from './soak-address.ts'

/** What all processes of a soak agree on. */
export interface SoakSetting {
  readonly database: SoakAddress
  readonly jobs: number
  /** First and last tick, Unix milliseconds, both whole seconds. */
  readonly from: number
  readonly until: number
  readonly leaseMs: number
  readonly horizonMs: number
  /** Handlers last from nothing up to this, uniformly. */
  readonly longestHandlerMs: number
}

/** What the parent asks of one process. */
export type SoakOrder =
  | { readonly order: 'begin'; readonly setting: SoakSetting }
  /** Answers `busy` when some handlers run, at once or as soon as they do. */
  | { readonly order: 'tell-when-busy' }
  | { readonly order: 'stop-yourself' }
  | { readonly order: 'die-at'; readonly point: string; readonly marker: string }
  /** To the one that is at its point. */
  | { readonly order: 'die' }
  | { readonly order: 'finish' }
