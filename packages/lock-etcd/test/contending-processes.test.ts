import { connectionsCut, holderKilled, holderStopped, runContest, serverEmptied } from '@escapement/testkit/contest'
import { startTcpProxy } from '@escapement/testkit/servers'
import { describeWithServer } from '@escapement/testkit/vitest'
import { expect, test } from 'vitest'
import { withOwnServer } from './own-server.ts'

/** What etcd grants at least, with its usual time for elections. */
const TTL_MS = 2_000

describeWithServer('etcd', () => {
  test(
    'promises 3 and 6, rule 16: processes that are killed, stopped and cut off, on a server that loses its data, never rely on a key at the same time, and fences grow',
    {
      timeout: 60_000,
    },
    withOwnServer(async (server) => {
      await using proxy = await startTcpProxy(server.url)
      const { findings } = await runContest({
        script: new URL('./processes/contender.ts', import.meta.url),
        args: [proxy.url, String(TTL_MS)],
        processes: 5,
        keys: ['left', 'right'],
        ttl: TTL_MS,
        faults: [holderKilled(), connectionsCut(proxy), holderStopped(TTL_MS + 1_000), serverEmptied(server.process)],
        hasQuarantine: true,
      })
      expect(findings).toEqual([])
    }),
  )
})
