import { etcdFenceCompare } from '@escapement/lock-etcd'
import { describeWithServer } from '@escapement/testkit/vitest'
import { expect, test } from 'vitest'
import { etcdRoom } from './etcd-room.ts'

describeWithServer('etcd', ({ url }) => {
  test('rule 16: a guarded transaction refuses the writer whose lease is over, overtaken or not', async () => {
    await using room = etcdRoom(url)
    const { client, prefix } = room
    const report = `${prefix}report`
    const [first, second] = [
      await room.mutex().acquire('the report', { ttl: '10s' }),
      room.mutex().acquire('the report', { ttl: '10s' }),
    ]
    const write = async (lease: typeof first, body: string): Promise<boolean> => {
      const held = client.if(...etcdFenceCompare(lease, { prefix }))
      return (await held.then(client.put(report).value(body)).commit()).succeeded
    }

    expect(await write(first, 'by the first')).toBe(true)
    await first.renew('20s') // moves its key to another lease
    expect(await write(first, 'by the first again')).toBe(true)
    await first.release()
    expect(await write(first, 'late, by the first')).toBe(false)
    expect(await write(await second, 'by the second')).toBe(true)
    expect(await write(first, 'later, by the first')).toBe(false)
    expect(await client.get(report)).toBe('by the second')
  })
})
