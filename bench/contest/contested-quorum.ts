import { type ContestFault, connectionsCut } from '@escapement/testkit/contest'
import { systemRuntime } from '@escapement/base'
import { Redis } from 'ioredis'
import { openContestedFile } from './contested-file.ts'
import type { ContestedLock } from './contested-lock.ts'
import { type ContestServer, startContestServer } from './contest-server.ts'
import { DURABLE_REDIS } from './contested-server.ts'

const COUNT = 3
/** Longer than a contender waits for one server. Milliseconds. */
const FROZEN_MS = 1_500
const LOOK_EVERY_MS = 100
/** A server that has lost its data takes part again after six seconds. */
const LOOKS = 300

/**
 * Locks that a majority of independent Redis servers has granted. What happens to one of them at a time is no loss: the others
 * keep what was granted, so nothing is excused by it. What the locks guard is in a file.
 */
export async function openContestedQuorum(): Promise<ContestedLock> {
  await using stack = new AsyncDisposableStack()
  const file = stack.use(await openContestedFile())
  const starts = await Promise.allSettled(
    Array.from({ length: COUNT }, () => startContestServer('redis', DURABLE_REDIS)),
  )
  const servers = starts.flatMap((start) => (start.status === 'fulfilled' ? [stack.use(start.value)] : []))
  for (const start of starts) if (start.status === 'rejected') throw start.reason
  const opened = stack.move()
  return {
    args: ['quorum', [file.args[1], ...servers.map(({ proxy }) => proxy.url)].join(',')],
    faults: [
      connectionsCut({ cut: () => servers.forEach(({ proxy }) => proxy.cut()) }),
      inTurn(servers, 0, 'a server was restarted', ({ process }) => process.restart()),
      inTurn(servers, 1, 'a server crashed', ({ process }) => process.restart('crash')),
      inTurn(servers, 2, 'a server stood still', standStill),
      inTurn(servers, 0, 'a server lost its data', async ({ process }) => {
        await allTakePart(servers) // else a majority might lose them
        await process.restartEmpty()
      }),
    ],
    loss: {
      name: 'all servers lost their data',
      losesData: true,
      happen: async () => void (await Promise.all(servers.map(({ process }) => process.restartEmpty()))),
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** Another one each time. */
function inTurn(
  servers: readonly ContestServer[],
  first: number,
  name: string,
  happenTo: (server: ContestServer) => Promise<void>,
): ContestFault {
  let next = first
  return { name, happen: () => happenTo(servers[next++ % servers.length] as ContestServer) }
}

async function standStill({ process }: ContestServer): Promise<void> {
  process.freeze()
  await systemRuntime.sleep(FROZEN_MS)
  process.thaw()
}

/** Resolves when no server is left out any more because it has lost its data. */
async function allTakePart(servers: readonly ContestServer[]): Promise<void> {
  await Promise.all(
    servers.map(async ({ url }) => {
      const client = new Redis(url)
      for (let looks = 0; (await client.hexists('escapement:memory', 'high')) === 0; looks++) {
        if (looks === LOOKS) throw new Error(`the server at ${url} takes no part again`)
        await systemRuntime.sleep(LOOK_EVERY_MS)
      }
      client.disconnect()
    }),
  )
}
