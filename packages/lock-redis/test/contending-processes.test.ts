import {
  connectionsCut,
  holderKilled,
  holderStopped,
  runContest,
  serverEmptied,
  serverRestarted,
} from '@escapement/testkit/contest'
import { startServer, startTcpProxy } from '@escapement/testkit/servers'
import { describeWithServer } from '@escapement/testkit/vitest'
import { expect, test } from 'vitest'

const TTL_MS = 600

describeWithServer('redis', () => {
  test('promises 3 and 6, rule 16: processes that are killed, stopped and cut off, on a server that crashes and loses its data, never rely on a key at the same time, and fences grow', {
    timeout: 60_000,
  }, async () => {
    await using server = await startServer('redis', {
      isOwn: true,
      args: ['--appendonly', 'yes', '--appendfsync', 'always'],
    })
    await using proxy = await startTcpProxy(server.url)
    const process = server.process as NonNullable<typeof server.process> // with arguments never in a container
    const { findings } = await runContest({
      script: new URL('./processes/contender.ts', import.meta.url),
      args: [proxy.url, String(TTL_MS)],
      processes: 5,
      keys: ['left', 'right'],
      ttl: TTL_MS,
      faults: [
        holderKilled(),
        connectionsCut(proxy),
        holderStopped(2 * TTL_MS),
        serverRestarted(process, 'crash'),
        serverEmptied(process),
      ],
      hasQuarantine: true,
    })
    expect(findings).toEqual([])
  })
})
