import { InvalidOptionError } from '@escapement/base'

const ANY = Symbol('one segment')
const DEEP = Symbol('any number of segments')
const END = Symbol('end of a path')

type Segment = string | typeof ANY | typeof DEEP | typeof END

const GRAMMAR =
  "a path is keys joined by dots, such as 'card.number' or 'users.*.token'; an array's index is a key, * stands for one key and ** for any depth, as in '**.password'"

/** Where a walk stands in all paths at once. */
export interface PathState {
  /** Equal states have equal names, also when one was forgotten meanwhile. */
  readonly name: string
  /** The keys so far are one of the paths. */
  readonly isMatch: boolean
  /** Nothing below can match. */
  readonly isDead: boolean
  /** The state one key further. */
  step(key: string): PathState
}

/** More states than this are forgotten and found again: some lists of paths have more than anyone could keep. */
const MOST_STATES = 2_000

/**
 * A list of paths, walked together key by key. The states of the walk are found as they are met and kept (a lazy subset
 * construction, as in Thompson, "Regular Expression Search Algorithm", CACM 1968), so that a step costs one look-up
 * however many paths there are.
 */
export class RedactPaths {
  readonly #segments: readonly Segment[]
  readonly #keys: ReadonlySet<string>
  readonly #entries: readonly number[]
  readonly #states = new Map<string, PathState>()

  /** @throws {@link InvalidOptionError} for a path that is none. */
  constructor(paths: readonly string[]) {
    const parsed = paths.map((path): Segment[] => [...parse(path), END])
    this.#segments = parsed.flat()
    this.#keys = new Set(this.#segments.filter((segment) => typeof segment === 'string'))
    let entry = 0
    this.#entries = parsed.map((segments) => (entry += segments.length) - segments.length)
  }

  /** Before the first key. */
  start(): PathState {
    return this.#state(this.#entries)
  }

  /** The state at these segments. `**` also stands for no key at all, so who is before it is behind it too. */
  #state(entries: readonly number[]): PathState {
    const positions = new Set<number>()
    for (let at of entries) {
      positions.add(at)
      while (this.#segments[at] === DEEP) positions.add(++at)
    }
    const name = [...positions].toSorted((a, b) => a - b).join()
    const known = this.#states.get(name)
    if (known !== undefined) return known
    if (this.#states.size >= MOST_STATES) this.#states.clear()
    const state = this.#make(name, [...positions])
    this.#states.set(name, state)
    return state
  }

  #make(name: string, positions: readonly number[]): PathState {
    const steps = new Map<string | symbol, PathState>()
    return {
      name,
      isMatch: positions.some((at) => this.#segments[at] === END),
      isDead: positions.length === 0,
      step: (key) => {
        const kind = this.#keys.has(key) ? key : ANY // keys that no path names are all alike
        let next = steps.get(kind)
        if (next === undefined) {
          next = this.#state(this.#after(positions, key))
          if (this.#states.size < MOST_STATES) steps.set(kind, next)
        }
        return next
      },
    }
  }

  #after(positions: readonly number[], key: string): readonly number[] {
    return positions.flatMap((at) => {
      const segment = this.#segments[at]
      if (segment === DEEP) return [at]
      return segment === ANY || segment === key ? [at + 1] : []
    })
  }
}

function parse(path: unknown): Segment[] {
  if (typeof path !== 'string') {
    throw new InvalidOptionError(`redact holds a value of type ${path === null ? 'null' : typeof path}; ${GRAMMAR}`)
  }
  return path.split('.').map((segment) => {
    if (segment === '*') return ANY
    if (segment === '**') return DEEP
    if (segment === '') throw new InvalidOptionError(`redact path '${path}' has an empty key; ${GRAMMAR}`)
    if (/[*[\]]/.test(segment)) {
      throw new InvalidOptionError(`redact path '${path}' has the key '${segment}', which is no key; ${GRAMMAR}`)
    }
    return segment
  })
}
