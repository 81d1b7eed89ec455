/** A lease of etcd. */
export interface EtcdLease {
  readonly id: string
  /** How long it lives after each renewal: what the server granted, which may be more than was asked for. Milliseconds. */
  readonly ttlMs: number
}

/** A key that is there. */
export interface KeyState {
  readonly key: Buffer
  readonly value: string
  /** The revision of the whole store at which the key was made: greater than that of every key made before. */
  readonly createRevision: bigint
  /** The id of the lease that it ends with. */
  readonly lease: string
}

/** What must hold for the operations of a transaction to happen. */
export type Condition =
  /** No key begins with `prefix`. */
  | { readonly kind: 'none-under'; readonly prefix: Buffer }
  | { readonly kind: 'absent'; readonly key: Buffer }
  | { readonly kind: 'present'; readonly key: Buffer }
  | { readonly kind: 'made-at'; readonly key: Buffer; readonly revision: bigint }
  | { readonly kind: 'ends-with'; readonly key: Buffer; readonly lease: string }
  | { readonly kind: 'has-value'; readonly key: Buffer; readonly value: string }
  /** The value is there and comes after `value` in the order of its bytes. */
  | { readonly kind: 'has-value-after'; readonly key: Buffer; readonly value: string }

/** One operation of a transaction. */
export type Operation =
  | { readonly kind: 'get'; readonly key: Buffer }
  /** The oldest of the keys that begin with `prefix`. */
  | { readonly kind: 'oldest'; readonly prefix: Buffer }
  /** The youngest of the keys that begin with `prefix`. */
  | { readonly kind: 'youngest'; readonly prefix: Buffer }
  /** The youngest of the keys that begin with `prefix` and were made before `revision`. */
  | { readonly kind: 'next-older'; readonly prefix: Buffer; readonly revision: bigint }
  /** `lease: null`: for ever. */
  | { readonly kind: 'put'; readonly key: Buffer; readonly value: string; readonly lease: string | null }
  /** Answers what was there. */
  | { readonly kind: 'delete'; readonly key: Buffer }
  | { readonly kind: 'transact'; readonly transaction: Transaction }

/** One atomic step: `success` happens if every condition holds, else `failure`. */
export interface Transaction {
  readonly conditions?: readonly Condition[]
  readonly success?: readonly Operation[]
  readonly failure?: readonly Operation[]
}

/** What became of a transaction. */
export interface TransactionAnswer {
  /** Whether all conditions held. */
  readonly held: boolean
  /** The revision of the store after it. */
  readonly revision: bigint
  /** For each operation that happened the key that it found or deleted, null: there was none. */
  readonly keys: readonly (KeyState | null)[]
  /** For each operation whether it is a transaction whose conditions held. */
  readonly nested: readonly boolean[]
}

/** Looks out for the deletion of a key. */
export interface DeletionWatch {
  /** Resolves once the key was deleted, or the server ended the watch; rejects when the connection did. */
  readonly over: Promise<void>
  end(): void
}

/**
 * What the locks need of an etcd server. All promises settle within seconds, but that of a watch; one that rejects means that the
 * outcome is unknown, unless its error says that asking again cannot help.
 */
export interface EtcdServer {
  grant(seconds: number): Promise<EtcdLease>
  /** Renews leases; answers how long each lives from then on, milliseconds, 0 for one that has ended. */
  renew(leases: readonly string[]): Promise<readonly number[]>
  /** How long a lease lives at least, milliseconds in whole seconds. */
  leftMs(lease: string): Promise<number>
  /** Ends a lease with its keys; answers false for one that has ended. */
  revoke(lease: string): Promise<boolean>
  transact(transaction: Transaction): Promise<TransactionAnswer>
  /** @param seenAt - The revision at which the key was there. */
  watchDeletion(key: Buffer, seenAt: bigint): DeletionWatch
}
