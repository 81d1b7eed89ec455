import { type SqlParameters, type Statement, statement } from '@escapement/db'
import type { ServerContext } from '../server-context.ts'
import { type LevelNames, type LookParts, lookParts } from './look-parts.ts'

/** Beyond all priorities. */
const [BELOW_ALL, ABOVE_ALL] = [-1_000_000, 1_000_000]
/** Levels of one queue that are remembered, though nothing waits there now. */
const MOST_LEVELS = 20

/** A priority at which something waits in a queue, or may again. */
export interface KnownLevel {
  readonly queue: string
  readonly priority: number
}

/** Between two levels of a queue that are known, and beyond them. */
interface Gap {
  readonly queue: string
  readonly above: number
  readonly below: number
}

/** A look that names the levels that are known, one by one. */
export interface LevelLook {
  readonly statement: Statement
  readonly parameters: SqlParameters
}

/**
 * Looks for MySQL and MariaDB, which search no index for a range that each row of a list begins anew: going down a queue
 * from one priority to the next they read all of it. Here each level is named by parameters, and a row of
 * the kind `gap` tells of a priority that was not known, so that the look has to be made the long way once.
 */
export class LevelLooks {
  readonly #table: string
  readonly #parts: LookParts
  readonly #statements = new Map<string, Statement>()
  /** By queue, the level that was seen last at the end. */
  readonly #known = new Map<string, Set<number>>()

  constructor(context: ServerContext) {
    this.#table = context.tables.unsettled
    this.#parts = lookParts(context)
  }

  look(namespace: string, queues: readonly string[]): LevelLook {
    const known = queues.map((queue) => ({
      queue,
      priorities: [...this.#levelsOf(namespace, queue)].toSorted((a, b) => b - a),
    }))
    const levels = known.flatMap(({ queue, priorities }) => priorities.map((priority) => ({ queue, priority })))
    const gaps = known.flatMap(({ queue, priorities }) => gapsOf(queue, priorities))
    return {
      statement: this.#statement(levels.length, gaps.length),
      parameters: Object.fromEntries([
        ...levels.flatMap(({ queue, priority }, at) => [
          [`queue${at}`, queue],
          [`priority${at}`, priority],
        ]),
        ...gaps.flatMap(({ queue, above, below }, at) => [
          [`gap${at}`, queue],
          [`above${at}`, above],
          [`below${at}`, below],
        ]),
      ]) as SqlParameters,
    }
  }

  /** Notes where something waits. */
  saw(namespace: string, found: readonly KnownLevel[]): void {
    for (const { queue, priority } of found) {
      const levels = this.#levelsOf(namespace, queue)
      levels.delete(priority)
      levels.add(priority)
      for (const oldest of levels) {
        if (levels.size <= MOST_LEVELS) break
        levels.delete(oldest)
      }
    }
  }

  #levelsOf(namespace: string, queue: string): Set<number> {
    const place = JSON.stringify([namespace, queue])
    const levels = this.#known.get(place) ?? new Set([0])
    this.#known.set(place, levels)
    return levels
  }

  #statement(levels: number, gaps: number): Statement {
    const shape = `${levels} ${gaps}`
    const made = this.#statements.get(shape) ?? statement(this.#text(levels, gaps))
    this.#statements.set(shape, made)
    return made
  }

  #text(levels: number, gaps: number): string {
    const { always, fromTheStart, end, level, firstDue, together } = this.#parts
    const names = (at: number): LevelNames => ({ queue: `:queue${at}`, priority: `:priority${at}` })
    return together([
      ...always,
      ...fromTheStart,
      ...Array.from({ length: levels }, (_, at) => `(${level(names(at), firstDue(names(at), 'x.due_at', ''))})`),
      ...Array.from(
        { length: gaps },
        (_, at) => `(SELECT 'gap' AS kind, x.queue, '', x.priority, 0, 0 FROM ${this.#table} AS x
          WHERE x.namespace = :namespace AND x.waiting_queue = :gap${at}
            AND x.priority > :above${at} AND x.priority < :below${at} LIMIT 1)`,
      ),
      end,
    ])
  }
}

/** @param priorities - The highest first. */
function gapsOf(queue: string, priorities: readonly number[]): Gap[] {
  const belows = [ABOVE_ALL, ...priorities]
  return belows
    .map((below, at) => ({ queue, below, above: priorities[at] ?? BELOW_ALL }))
    .filter(({ above, below }) => below - above > 1)
}
