import type { Logger } from '@escapement/base'
import type { Condition, EtcdServer, KeyState, Operation } from './etcd-server.ts'

/** After an empty store is seen nothing is granted until every lease from before a loss of data has ended. */
export interface Quarantine {
  /** What holds while there is none. */
  readonly isOver: readonly Condition[]
  /** Finds the key that is there while it lasts, and is deleted at its end. */
  readonly reading: readonly Operation[]
  /** What begins it, in the transaction that finds the store empty. */
  beginning(): Promise<QuarantineBeginning>
}

/** A beginning of quarantine: one of all who find the store empty at the same time makes it. */
interface QuarantineBeginning {
  readonly operations: readonly Operation[]
  /**
   * Hears what became of the transaction.
   *
   * @param isMade - Whether the operations happened in it.
   * @param found - What {@link Quarantine.reading} has found where they did not.
   */
  settle(isMade: boolean, found: KeyState | null): Promise<void>
}

/** Everything is granted at once. */
export const noQuarantine: Quarantine = {
  isOver: [],
  reading: [],
  beginning: async () => ({ operations: [], settle: async () => undefined }),
}

/** A key that ends with a lease: it is the server that judges when it is over. */
export function keyQuarantine(server: EtcdServer, key: Buffer, seconds: number, logger: Logger): Quarantine {
  return {
    isOver: [{ kind: 'absent', key }],
    reading: [{ kind: 'get', key }],
    beginning: async () => {
      const { id: lease } = await server.grant(seconds)
      return {
        operations: [{ kind: 'put', key, value: '', lease }],
        settle: async (isMade, found) => {
          // The client may have repeated the transaction by itself: it was the first time then that it was made.
          if (isMade || found?.lease === lease) {
            logger.warn(`Locks: etcd is empty, it may have lost its data; nothing is granted for ${seconds * 1_000} ms`)
          } else await server.revoke(lease).catch(() => undefined) // it ends by itself
        },
      }
    },
  }
}
