import type { EtcdCompare, EtcdOperation, EtcdTransaction } from './etcd-client.ts'
import type { Condition, Operation, Transaction } from './etcd-server.ts'

/** Numbers of etcd's `rpc.proto`. */
const CREATE = 1
const VALUE = 3
const LEASE = 4
const EQUAL = 0
const GREATER = 1
const ASCENDING = 1
const DESCENDING = 2
const BY_CREATION = 2

/** A transaction in the words of etcd's `rpc.proto`. */
export function requestOf({ conditions = [], success = [], failure = [] }: Transaction): EtcdTransaction {
  return {
    compare: conditions.map(compareOf),
    success: success.map(operationOf),
    failure: failure.map(operationOf),
  }
}

function compareOf(condition: Condition): EtcdCompare {
  switch (condition.kind) {
    case 'none-under':
      // A key that is not there was made at revision 0; of those that are, none was.
      return { ...under(condition.prefix), target: CREATE, result: EQUAL, create_revision: '0' }
    case 'absent':
      return { key: condition.key, target: CREATE, result: EQUAL, create_revision: '0' }
    case 'present':
      return { key: condition.key, target: CREATE, result: GREATER, create_revision: '0' }
    case 'made-at':
      return { key: condition.key, target: CREATE, result: EQUAL, create_revision: String(condition.revision) }
    case 'ends-with':
      return { key: condition.key, target: LEASE, result: EQUAL, lease: condition.lease }
    case 'has-value':
      return { key: condition.key, target: VALUE, result: EQUAL, value: Buffer.from(condition.value) }
    case 'has-value-after':
      return { key: condition.key, target: VALUE, result: GREATER, value: Buffer.from(condition.value) }
  }
}

function operationOf(operation: Operation): EtcdOperation {
  switch (operation.kind) {
    case 'get':
      return { request_range: { key: operation.key } }
    case 'oldest':
      return {
        request_range: { ...under(operation.prefix), limit: 1, sort_order: ASCENDING, sort_target: BY_CREATION },
      }
    case 'youngest':
      return {
        request_range: { ...under(operation.prefix), limit: 1, sort_order: DESCENDING, sort_target: BY_CREATION },
      }
    case 'next-older':
      return {
        request_range: {
          ...under(operation.prefix),
          limit: 1,
          sort_order: DESCENDING,
          sort_target: BY_CREATION,
          max_create_revision: String(operation.revision - 1n),
        },
      }
    case 'put': {
      const { key, value, lease } = operation
      return { request_put: { key, value: Buffer.from(value), ...(lease === null ? {} : { lease }) } }
    }
    case 'delete':
      return { request_delete_range: { key: operation.key, prev_kv: true } }
    case 'transact':
      return { request_txn: requestOf(operation.transaction) }
  }
}

/** All keys that begin with `prefix`: up to the least one that does not, whose last byte is one greater. */
function under(prefix: Buffer): { readonly key: Buffer; readonly range_end: Buffer } {
  const end = Buffer.from(prefix)
  end[end.length - 1] = (end.at(-1) ?? 0) + 1
  return { key: prefix, range_end: end }
}
