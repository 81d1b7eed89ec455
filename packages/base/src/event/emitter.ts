type Listener<Event> = (event: Event) => void

/**
 * Typed events. A listener that throws never disturbs the source or the other listeners: its error goes to `onError`.
 */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>()
  readonly #onError: (error: unknown, type: string) => void

  constructor(onError: (error: unknown, type: string) => void) {
    this.#onError = onError
  }

  /** Calls `listener` at every event of `type`, until the returned handle is disposed. */
  on<Type extends keyof Events & string>(type: Type, listener: Listener<Events[Type]>): Disposable {
    const listeners = this.#listeners.get(type) ?? new Set<Listener<never>>()
    this.#listeners.set(type, listeners.add(listener))
    return { [Symbol.dispose]: () => void listeners.delete(listener) }
  }

  /** Whether anyone listens to `type`: spares the making of events that nobody reads. */
  has(type: keyof Events & string): boolean {
    return (this.#listeners.get(type)?.size ?? 0) > 0
  }

  /** Calls the listeners of `type`, in the order in which they came. */
  emit<Type extends keyof Events & string>(type: Type, event: Events[Type]): void {
    const listeners = this.#listeners.get(type) as Set<Listener<Events[Type]>> | undefined
    if (listeners === undefined) return
    for (const listener of listeners) {
      try {
        const result: unknown = listener(event)
        if (result instanceof Promise) result.catch((error: unknown) => this.#onError(error, type))
      } catch (error) {
        this.#onError(error, type)
      }
    }
  }
}
