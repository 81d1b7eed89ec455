import { parseArgs } from 'node:util'
import { type Duration, durationMs } from '@escapement/base'

const MOST_INSTANCES = 10

/** What the demo is asked to do. */
export interface DemoOptions {
  /** How many processes run the service on one file. */
  readonly instances: number
  /** After how many milliseconds it ends by itself; null: when someone stops it. */
  readonly durationMs: number | null
  /** Port of the first instance; 0: any free one. */
  readonly port: number
}

export const USAGE = 'usage: demo [--instances 3] [--duration 20s] [--port 3000]'

/** @throws Error that says what is accepted. */
export function readDemoOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    // `pnpm demo -- --instances 3` hands the dashes on.
    args: args.filter((arg) => arg !== '--'),
    options: { instances: { type: 'string' }, duration: { type: 'string' }, port: { type: 'string' } },
  })
  return {
    instances: wholeNumber('--instances', values.instances ?? '1', 1, MOST_INSTANCES),
    durationMs:
      values.duration === undefined ? null : durationMs(values.duration as Duration, '--duration', { minMs: 1_000 }),
    port: wholeNumber('--port', values.port ?? '0', 0, 65_535),
  }
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new Error(`${name} is ${JSON.stringify(text)}; give a whole number from ${min} to ${max}`)
}
