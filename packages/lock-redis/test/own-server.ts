import { startServer } from '@escapement/testkit/servers'
import type { ServerProcess } from '@escapement/testkit/servers'
import { onTestFinished } from 'vitest'
import { type OpenClient, openClient } from './clients.ts'

/** A Redis of one test, which may set it up as it likes. */
export interface OwnServer {
  readonly url: string
  /** Null where it runs in a container. */
  readonly process: ServerProcess | null
  /** For whoever runs it. */
  readonly admin: OpenClient
}

/** Starts a Redis that ends with the test. */
export async function ownServer(): Promise<OwnServer> {
  const server = await startServer('redis', { isOwn: true })
  const { url, process } = server
  const admin = await openClient(url)
  onTestFinished(async () => {
    await admin[Symbol.asyncDispose]()
    await server.stop()
  })
  return { url, process, admin }
}
