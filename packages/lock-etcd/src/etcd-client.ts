/** What a call may be given: the wall-clock instant, Unix milliseconds, after which it fails. */
export interface EtcdCallOptions {
  readonly deadline: number
}

/** A stream of calls and answers. */
export interface EtcdStream<Sent, Received> {
  on(event: 'data', listener: (received: Received) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'end', listener: () => void): unknown
  write(sent: Sent): void
  end(): void
  cancel(): void
}

/** A key as etcd answers it; numbers are decimal strings. */
export interface EtcdKeyValue {
  readonly key: Buffer
  readonly value: Buffer
  readonly create_revision: string
  readonly lease: string
}

/** A comparison within a transaction; with `range_end` it must hold for each key of the range. */
export interface EtcdCompare {
  readonly key: Buffer
  readonly range_end?: Buffer
  readonly target: number
  readonly result: number
  readonly create_revision?: string
  readonly value?: Buffer
  readonly lease?: string
}

/** One operation of a transaction. */
export interface EtcdOperation {
  readonly request_range?: {
    readonly key: Buffer
    readonly range_end?: Buffer
    readonly limit?: number
    readonly sort_order?: number
    readonly sort_target?: number
    readonly max_create_revision?: string
  }
  readonly request_put?: { readonly key: Buffer; readonly value: Buffer; readonly lease?: string }
  readonly request_delete_range?: { readonly key: Buffer; readonly prev_kv: boolean }
  readonly request_txn?: EtcdTransaction
}

/** If all comparisons hold `success` happens, else `failure`, in one atomic step. */
export interface EtcdTransaction {
  readonly compare?: EtcdCompare[]
  readonly success?: EtcdOperation[]
  readonly failure?: EtcdOperation[]
}

/** What became of one operation: the member that it asked for is there. */
interface EtcdOperationAnswer {
  readonly response_range?: { readonly kvs: EtcdKeyValue[] } | null
  readonly response_delete_range?: { readonly prev_kvs: EtcdKeyValue[] } | null
  readonly response_txn?: { readonly succeeded: boolean } | null
}

/** What became of a transaction. */
interface EtcdTransactionAnswer {
  readonly header: { readonly revision: string }
  readonly succeeded: boolean
  readonly responses: EtcdOperationAnswer[]
}

/** What the server tells a watcher. */
export interface EtcdWatchAnswer {
  readonly header: { readonly revision: string }
  /** The watch has begun, with what comes after the revision of the header. */
  readonly created: boolean
  readonly canceled: boolean
  readonly events: readonly unknown[]
}

/** What asks for a watch. */
interface EtcdWatchRequest {
  readonly create_request: { readonly key: Buffer; readonly filters: number[] }
}

/** A client of etcd 3.3 or later: an `Etcd3` of the package `etcd3`, of which these calls are used. */
export interface EtcdClient {
  readonly kv: {
    txn(transaction: EtcdTransaction, options: EtcdCallOptions): Promise<EtcdTransactionAnswer>
  }
  readonly leaseClient: {
    leaseGrant(
      request: { TTL: number },
      options: EtcdCallOptions,
    ): Promise<{ readonly ID: string; readonly TTL: string }>
    leaseRevoke(request: { ID: string }, options: EtcdCallOptions): Promise<unknown>
    leaseTimeToLive(request: { ID: string }, options: EtcdCallOptions): Promise<{ readonly TTL: string }>
    leaseKeepAlive(options: EtcdCallOptions): Promise<EtcdStream<{ ID: string }, { readonly TTL: string }>>
  }
  readonly watchClient: {
    watch(): Promise<EtcdStream<EtcdWatchRequest, EtcdWatchAnswer>>
  }
}
