import type { Logger } from '@escapement/base'

/** Writes each entry to the standard output as one line of JSON; the conductor reads it there. */
export function jsonLogger(): Logger {
  const write =
    (level: string) =>
    (message: string, fields: object = {}): void =>
      void process.stdout.write(`${JSON.stringify({ level, message, ...fields }, plain)}\n`)
  return { debug: () => undefined, info: write('info'), warn: write('warn'), error: write('error') }
}

/** What JSON would lose or refuse. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Error ? value.message : value
}
