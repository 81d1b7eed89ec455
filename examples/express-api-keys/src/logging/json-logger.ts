import type { Logger } from '@escapement/base'

/** Writes each entry to the standard output as one line of JSON, for whoever collects the logs. */
export function jsonLogger(common: object = {}): Logger {
  const write =
    (level: string) =>
    (message: string, fields: object = {}): void => {
      const at = new Date().toISOString()
      process.stdout.write(`${JSON.stringify({ at, level, ...common, message, ...fields }, plain)}\n`)
    }
  return { debug: () => undefined, info: write('info'), warn: write('warn'), error: write('error') }
}

/** What JSON would lose or refuse. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Error ? (value.stack ?? value.message) : value
}
