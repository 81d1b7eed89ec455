import { silentLogger } from '@escapement/testkit'
import { systemRuntime } from '@escapement/base'
import { describeWithServer } from '@escapement/testkit/vitest'
import { expect, test } from 'vitest'
import { Epoch } from '../src/epoch.ts'
import { etcd3Server } from '../src/etcd3-server.ts'
import type { EtcdServer } from '../src/etcd-server.ts'
import { keyQuarantine } from '../src/quarantine.ts'
import { type EtcdRoom, etcdRoom } from './etcd-room.ts'

/** The epoch of a store in which quarantine begins, as one more process has it, and the leases that it was granted. */
function epochOf(room: EtcdRoom, change: (server: EtcdServer) => Partial<EtcdServer> = () => ({})) {
  const sound = etcd3Server(room.client, systemRuntime)
  const granted: string[] = []
  const warned: string[] = []
  const server: EtcdServer = {
    grant: async (seconds) => {
      const lease = await sound.grant(seconds)
      granted.push(lease.id)
      return lease
    },
    renew: (leases) => sound.renew(leases),
    leftMs: (lease) => sound.leftMs(lease),
    revoke: (lease) => sound.revoke(lease),
    transact: (transaction) => sound.transact(transaction),
    watchDeletion: (key, seenAt) => sound.watchDeletion(key, seenAt),
    ...change(sound),
  }
  const logger = { ...silentLogger, warn: (line: string) => void warned.push(line) }
  const quarantine = keyQuarantine(server, Buffer.from(`${room.prefix}closed`), 60, logger)
  return { epoch: new Epoch(server, Buffer.from(`${room.prefix}epoch`), quarantine, systemRuntime), granted, warned }
}

describeWithServer('etcd', ({ url }) => {
  test('of many who find the store empty at once one begins the quarantine, and the others leave no lease behind', async () => {
    await using room = etcdRoom(url)
    const epochs = Array.from({ length: 5 }, () => epochOf(room))
    const values = await Promise.all(epochs.map(({ epoch }) => epoch.value()))
    expect(new Set(values).size).toBe(1)
    const granted = epochs.flatMap((each) => each.granted)
    expect(granted.length).toBeGreaterThan(1)
    const { leases } = await room.client.leaseClient.leaseLeases()
    expect(leases.filter(({ ID }) => granted.includes(ID))).toHaveLength(1)
    expect(await room.keys()).toEqual(['closed', 'epoch'])
    expect(epochs.flatMap(({ warned }) => warned)).toHaveLength(1)
  })

  test('who has begun the quarantine by a transaction that the client repeated does not end it', async () => {
    await using room = etcdRoom(url)
    const { epoch, warned } = epochOf(room, (sound) => ({
      transact: async (transaction) => {
        await sound.transact(transaction)
        return sound.transact(transaction)
      },
    }))
    await epoch.value()
    expect(await room.keys()).toEqual(['closed', 'epoch'])
    expect(warned).toHaveLength(1)
  })
})
