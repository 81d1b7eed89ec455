/** What all contenders of a contest agree on. */
export interface ContendSettings {
  readonly keys: readonly string[]
  readonly ttlMs: number
  /** How long a key is held on average. */
  readonly holdMs: number
}

/** In which environment variable a contender finds its settings. */
export const SETTINGS_VARIABLE = 'ESCAPEMENT_CONTEST'

/** @throws Error in a process that is no contender. */
export function contendSettings(): ContendSettings {
  const text = process.env[SETTINGS_VARIABLE]
  if (text === undefined)
    throw new Error(`${SETTINGS_VARIABLE} is not set: contend() runs in processes of runContest()`)
  return JSON.parse(text) as ContendSettings
}
