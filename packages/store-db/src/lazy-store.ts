import type { JobStore, StoreCapabilities } from '@escapement/core'
import { UnsupportedError } from '@escapement/core'

/**
 * A store that is only known once the database has been asked, by `open`.
 *
 * @param make - Finds out what to use; called once, and again after a failure.
 */
export function lazyStore(capabilities: StoreCapabilities, make: () => Promise<JobStore>): JobStore {
  let making: Promise<JobStore> | undefined
  let made: JobStore | undefined

  const open = async (): Promise<void> => {
    making ??= make().catch((error: unknown) => {
      making = undefined
      throw error
    })
    made = await making
    await made.open()
  }
  const close = async (): Promise<void> => {
    await (await making?.catch(() => undefined))?.close()
  }
  const findings = (): ReturnType<NonNullable<JobStore['findings']>> => made?.findings?.() ?? []
  const own = { capabilities, open, close, findings, [Symbol.asyncDispose]: close }
  return new Proxy(own as unknown as JobStore, {
    get(target, name): unknown {
      if (name in own) return Reflect.get(target, name)
      if (made !== undefined) return Reflect.get(made, name)
      if (typeof name === 'symbol' || name === 'then') return undefined
      return () => {
        throw new UnsupportedError(`the store was not opened before "${name}" was called; call open() first`)
      }
    },
  })
}
