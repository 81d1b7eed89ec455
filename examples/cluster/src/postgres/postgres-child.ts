/**
 * Holds a PostgreSQL server that belongs to the example: in a process of its own, so that Ctrl-C in a terminal, which goes
 * to a whole group of processes, does not end the database before its users, and so that it ends when they have died.
 */
import { startServer } from '@escapement/testkit/servers'

/** The instances notice as well that the conductor has died, and want to write down how far they are. Milliseconds. */
const FOR_ORPHANS_MS = 5_000

try {
  const server = await startServer('postgres', { isOwn: true })
  const stop = (): void => {
    server.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.once('message', stop)
  process.once('disconnect', () => setTimeout(stop, FOR_ORPHANS_MS))
  process.send?.({ url: server.url, source: server.source })
} catch (error) {
  process.send?.({ problem: (error as Error).message }, () => process.exit(1))
}
