import { type JobStore, StoreUnavailableError } from '@escapement/core'

/** The store behind a bad line: some requests never arrive, some replies are lost, and the caller cannot tell which. */
export function lossyStore(store: JobStore, share: number, random: () => number): JobStore {
  return new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function' || property === 'subscribe') return value
      return async (...given: unknown[]): Promise<unknown> => {
        const chance = random()
        if (chance < share / 2) throw lost(property)
        const reply: unknown = await Reflect.apply(value, target, given)
        if (chance < share) throw lost(property)
        return reply
      }
    },
  })
}

function lost(method: string | symbol): StoreUnavailableError {
  return new StoreUnavailableError(`the line broke during ${String(method)}`)
}
