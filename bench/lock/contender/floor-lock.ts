import type { LockBackend, LockContender, OpenLock } from '../lock-contender.ts'

/**
 * The bare commands that mean the same, sent by the same client.
 *
 * @param waits - Whether `acquire` waits while others hold the key. Default false.
 */
export function floorLock(
  name: string,
  backend: LockBackend,
  open: (place: string) => OpenLock | Promise<OpenLock>,
  waits = false,
): LockContender {
  return {
    name: `${backend}: floor, ${name}`,
    backend,
    part: 'floor',
    waits,
    endsWith: 'lease',
    open: async (place) => open(place),
  }
}
