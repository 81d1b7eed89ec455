import type { LogEntry } from './instance-process.ts'

/** Counts which instance took each tick. */
export class TickTally {
  readonly #takers = new Map<string, string[]>()

  /** Takes in a line of an instance's log. Retries of a tick are the same execution, not another one. */
  take(instance: string, entry: LogEntry): void {
    if (entry.message !== 'execution:started' || entry['attempt'] !== 1) return
    const tick = `${String(entry['job'])} ${String(entry['scheduledFor'])}`
    this.#takers.set(tick, [...(this.#takers.get(tick) ?? []), instance])
  }

  /** One sentence: how many ticks, whether any was taken twice, and how they were shared. */
  get summary(): string {
    const takers = [...this.#takers.values()]
    if (takers.length === 0) return 'no tick fell due'
    const twice = takers.filter((instances) => instances.length > 1).length
    const shares = [...Map.groupBy(takers.flat(), (instance) => instance)]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([instance, ticks]) => `${instance} ${ticks.length}`)
    return `${takers.length} ticks ran, ${twice === 0 ? 'each of them once' : `${twice} of them TWICE`} (${shares.join(', ')})`
  }
}
