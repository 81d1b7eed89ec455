import { type Duration, InvalidOptionError, type NamesOf, type Runtime } from '@escapement/base'
import type { MigrateMode } from '@escapement/db'

/** Options of every database store. */
export interface StoreOptions {
  /** What the names of the tables begin with. Default `escapement_`. */
  readonly prefix?: string
  /** `auto` (default): tables are brought up to date when the store opens. `check`: nothing is changed; what is missing is an error. */
  readonly migrate?: MigrateMode
  /** Clocks and sleeps; on SQLite also the clock that decides what is due. Default: the system's. */
  readonly runtime?: Runtime
  /** How long a call waits while another process holds the write lock of a SQLite file. Default `5s`. */
  readonly busyTimeout?: Duration
}

/** The names of {@link StoreOptions}. */
export const STORE_OPTION_NAMES: NamesOf<StoreOptions> = {
  prefix: true,
  migrate: true,
  runtime: true,
  busyTimeout: true,
}

/** The mode asked for, else `auto`. @throws {@link InvalidOptionError} */
export function migrateMode(migrate: MigrateMode = 'auto'): MigrateMode {
  if (migrate === 'auto' || migrate === 'check') return migrate
  throw new InvalidOptionError(`migrate is ${JSON.stringify(migrate)}; it is 'auto' or 'check'`)
}
