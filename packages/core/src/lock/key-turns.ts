/** One waiter's place in the line for a key. */
export interface Turn {
  /** Resolves when the waiter is first; undefined: it is first already. */
  readonly first: Promise<void> | undefined
  /** Called when the key was given back nearby while this waiter is first. */
  onNudge: (() => void) | undefined
  /** Leaves the line, first or not. Idempotent. */
  leave(): void
}

interface Place extends Turn {
  begin: (() => void) | undefined
}

/**
 * Lines of those who wait for a key within one process: one of them asks the server, the others wait their turn, so
 * that a hundred waiters cost the server as much as one and are served in order.
 */
export class KeyTurns {
  readonly #lines = new Map<string, Place[]>()

  /** Joins the end of the line for `key`. */
  enter(key: string): Turn {
    const line = this.#lines.get(key) ?? []
    let begin: (() => void) | undefined
    const first =
      line.length === 0
        ? undefined
        : new Promise<void>((resolve) => {
            begin = resolve
          })
    const place: Place = { first, begin, onNudge: undefined, leave: () => this.#leave(key, place) }
    this.#lines.set(key, line)
    line.push(place)
    return place
  }

  /** Tells the first waiter for `key` that asking now may help. */
  nudge(key: string): void {
    this.#lines.get(key)?.[0]?.onNudge?.()
  }

  #leave(key: string, place: Place): void {
    const line = this.#lines.get(key)
    const index = line?.indexOf(place) ?? -1
    if (line === undefined || index < 0) return
    line.splice(index, 1)
    if (line.length === 0) this.#lines.delete(key)
    else if (index === 0) line[0]?.begin?.()
  }
}
