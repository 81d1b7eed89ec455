import type { PeerLibrary } from './peer-library.ts'
import { etcd3Shim } from './shim/etcd3-shim.ts'
import { redisSemaphoreShim } from './shim/redis-semaphore-shim.ts'
import { redlockShim } from './shim/redlock-shim.ts'
import { verrouShim } from './shim/verrou-shim.ts'

/** The libraries that are put under the contract. */
export const PEER_LIBRARIES: readonly PeerLibrary[] = [redlockShim, redisSemaphoreShim, verrouShim, etcd3Shim]
