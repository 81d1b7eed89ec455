import type { LockBackend, LockContender, OpenLock } from '../lock-contender.ts'

/** The bare commands that mean the same, sent by the same client. */
export function floorLock(
  name: string,
  backend: LockBackend,
  open: (place: string) => OpenLock | Promise<OpenLock>,
): LockContender {
  return {
    name: `${backend}: floor, ${name}`,
    backend,
    part: 'floor',
    waits: false,
    endsWith: 'lease',
    open: async (place) => open(place),
  }
}
