import type { Probe } from './probe.ts'
import { UnhealthyError } from './unhealthy-error.ts'

/**
 * Asks every probe, all at once.
 *
 * @returns What each one said: `ok`, or something worth a look.
 * @throws {@link UnhealthyError} that names every probe that failed, and why; the signal's reason once it has fired.
 */
export async function checkHealth(probes: readonly Probe[], signal: AbortSignal): Promise<Record<string, string>> {
  const results = await Promise.allSettled(probes.map(async (probe) => (await probe.check(signal)) ?? 'ok'))
  signal.throwIfAborted()
  const bad: string[] = []
  const answers: Record<string, string> = {}
  for (const [index, { name }] of probes.entries()) {
    const result = results[index]
    if (result?.status === 'fulfilled') answers[name] = result.value
    else bad.push(`${name}: ${result?.reason instanceof Error ? result.reason.message : String(result?.reason)}`)
  }
  if (bad.length > 0) throw new UnhealthyError(bad.join('; '))
  return answers
}
