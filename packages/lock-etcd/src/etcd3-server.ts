import type { Runtime } from '@escapement/base'
import type { EtcdCallOptions, EtcdClient, EtcdKeyValue, EtcdStream, EtcdWatchAnswer } from './etcd-client.ts'
import type { DeletionWatch, EtcdLease, EtcdServer, KeyState, Transaction, TransactionAnswer } from './etcd-server.ts'
import { etcdError } from './error/etcd-error.ts'
import { requestOf } from './transaction-request.ts'

/** Nobody waits any longer for the answer to a question about a lock, milliseconds. */
const CALL_LIMIT_MS = 5_000
const LEASE_ENDED = /requested lease not found/
/** The filter of a watch that leaves out what is put. */
const NO_PUT = 0

/** An etcd server through the package `etcd3`, whose raw calls are used. */
export function etcd3Server(client: EtcdClient, runtime: Runtime): EtcdServer {
  return new Etcd3Server(client, runtime)
}

class Etcd3Server implements EtcdServer {
  readonly #client: EtcdClient
  readonly #runtime: Runtime

  constructor(client: EtcdClient, runtime: Runtime) {
    this.#client = client
    this.#runtime = runtime
  }

  async grant(seconds: number): Promise<EtcdLease> {
    const { ID, TTL } = await understood(this.#client.leaseClient.leaseGrant({ TTL: seconds }, this.#options()))
    return { id: ID, ttlMs: Number(TTL) * 1_000 }
  }

  async renew(leases: readonly string[]): Promise<readonly number[]> {
    return leases.length === 0 ? [] : understood(this.#renew(leases))
  }

  async leftMs(lease: string): Promise<number> {
    const { TTL } = await understood(this.#client.leaseClient.leaseTimeToLive({ ID: lease }, this.#options()))
    return Math.max(0, Number(TTL)) * 1_000
  }

  async revoke(lease: string): Promise<boolean> {
    try {
      await this.#client.leaseClient.leaseRevoke({ ID: lease }, this.#options())
      return true
    } catch (error) {
      if (error instanceof Error && LEASE_ENDED.test(error.message)) return false
      throw etcdError(error)
    }
  }

  async transact(transaction: Transaction): Promise<TransactionAnswer> {
    const answer = await understood(this.#client.kv.txn(requestOf(transaction), this.#options()))
    return {
      held: answer.succeeded,
      revision: BigInt(answer.header.revision),
      keys: answer.responses.map(({ response_range: found, response_delete_range: deleted }) =>
        stateOf(found?.kvs[0] ?? deleted?.prev_kvs[0]),
      ),
      nested: answer.responses.map(({ response_txn: nested }) => nested?.succeeded ?? false),
    }
  }

  /** It begins now: of what lies behind it is told only each 100 ms (etcd, `syncWatchersLoop`), of all else by then, too. */
  watchDeletion(key: Buffer, seenAt: bigint): DeletionWatch {
    let isEnded = false
    let stream: EtcdStream<unknown, EtcdWatchAnswer> | undefined
    const watch = async (): Promise<void> => {
      const opened = await this.#client.watchClient.watch()
      stream = opened
      const over = new Promise<void>((resolve, reject) => {
        opened.on('data', ({ header, created, canceled, events }) => {
          if (canceled || events.length > 0) resolve()
          else if (created && BigInt(header.revision) > seenAt) {
            this.#isThere(key).then((isThere) => (isThere ? undefined : resolve()), reject)
          }
        })
        opened.on('error', reject)
        opened.on('end', resolve)
      })
      if (isEnded) return endStream(opened)
      opened.write({ create_request: { key, filters: [NO_PUT] } })
      await over
    }
    const end = (): void => {
      isEnded = true
      if (stream !== undefined) endStream(stream)
    }
    return { over: understood(watch()), end }
  }

  async #isThere(key: Buffer): Promise<boolean> {
    const { keys } = await this.transact({ success: [{ kind: 'get', key }] })
    return keys[0] !== null
  }

  async #renew(leases: readonly string[]): Promise<readonly number[]> {
    const stream = await this.#client.leaseClient.leaseKeepAlive(this.#options())
    const answers: number[] = []
    try {
      await new Promise<void>((resolve, reject) => {
        // One answer for each request, in order.
        stream.on('data', ({ TTL }) => {
          answers.push(Number(TTL) * 1_000)
          if (answers.length === leases.length) resolve()
        })
        stream.on('error', reject)
        stream.on('end', () => reject(new Error('a stream of renewals ended before all were answered')))
        for (const ID of leases) stream.write({ ID })
      })
    } finally {
      endStream(stream)
    }
    return answers
  }

  /** The deadline is one of the machine's wall clock, by which the client judges it. */
  #options(): EtcdCallOptions {
    return { deadline: this.#runtime.now() + CALL_LIMIT_MS }
  }
}

/** First `end`: what is cancelled while it can still be written to counts as a failure of the host with `etcd3`. */
function endStream(stream: EtcdStream<unknown, unknown>): void {
  stream.end()
  stream.cancel()
}

async function understood<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw etcdError(error)
  }
}

function stateOf(found: EtcdKeyValue | undefined): KeyState | null {
  if (found === undefined) return null
  const { key, value, create_revision: revision, lease } = found
  return { key, value: value.toString(), createRevision: BigInt(revision), lease }
}
