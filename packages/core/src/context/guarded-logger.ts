import type { Logger } from '@escapement/base'

/** The host's logger behind a guard: whatever it throws or rejects with, the work that reports to it goes on. */
export function guardedLogger(logger: Logger): Logger {
  const guarded =
    (level: keyof Logger) =>
    (message: string, fields?: object): void => {
      try {
        const result: unknown = logger[level](message, fields)
        if (result instanceof Promise) result.catch(() => undefined)
      } catch {
        // There is nowhere left to say it.
      }
    }
  return { debug: guarded('debug'), info: guarded('info'), warn: guarded('warn'), error: guarded('error') }
}
