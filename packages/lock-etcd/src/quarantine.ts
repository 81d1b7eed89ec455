import type { Logger } from '@escapement/base'
import type { Condition, EtcdServer, Operation } from './etcd-server.ts'

/** After an empty store is seen nothing is granted until every lease from before a loss of data has ended. */
export interface Quarantine {
  /** What holds while there is none. */
  readonly isOver: readonly Condition[]
  /** Finds the key that is there while it lasts, and is deleted at its end. */
  readonly reading: readonly Operation[]
  /** What begins it, in the transaction that finds the store empty. */
  beginning(): Promise<readonly Operation[]>
  /** It was begun so. */
  onBegun(): void
}

/** Everything is granted at once. */
export const noQuarantine: Quarantine = {
  isOver: [],
  reading: [],
  beginning: async () => [],
  onBegun: () => undefined,
}

/** A key that ends with a lease: it is the server that judges when it is over. */
export function keyQuarantine(server: EtcdServer, key: Buffer, seconds: number, logger: Logger): Quarantine {
  return {
    isOver: [{ kind: 'absent', key }],
    reading: [{ kind: 'get', key }],
    beginning: async () => {
      const { id: lease } = await server.grant(seconds)
      return [{ kind: 'put', key, value: '', lease }]
    },
    onBegun: () =>
      logger.warn(`Locks: etcd is empty, it may have lost its data; nothing is granted for ${seconds * 1_000} ms`),
  }
}
