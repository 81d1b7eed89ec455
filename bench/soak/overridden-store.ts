import type { JobStore } from '@escapement/core'

/** A store of which some methods are others; the rest is looked up when it is called, since a store may open late. */
export function overriddenStore(store: JobStore, methods: Partial<JobStore>): JobStore {
  return new Proxy(store, {
    get: (target, property): unknown =>
      property in methods ? Reflect.get(methods, property) : Reflect.get(target, property, target),
  })
}
