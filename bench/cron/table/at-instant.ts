/** Runs `work` as if it were that instant, for code that asks the clock itself. */
export function atInstant<T>(instant: number, work: () => T): T {
  const Real = globalThis.Date
  class Still extends Real {
    constructor(...given: [] | ConstructorParameters<typeof Date>) {
      super(...((given.length === 0 ? [instant] : given) as [number]))
    }

    static override now(): number {
      return instant
    }
  }
  globalThis.Date = Still as typeof Date
  try {
    return work()
  } finally {
    globalThis.Date = Real
  }
}
