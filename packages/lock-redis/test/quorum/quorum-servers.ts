import type { RedisClient } from '@escapement/lock-redis'
import { startServer, type TestServer } from '@escapement/testkit/servers'
import { type OpenClient, openClient } from '../clients.ts'

const COUNT = 3

/** Three servers of a test file, which know nothing of each other. */
export class QuorumServers implements AsyncDisposable {
  readonly servers: readonly TestServer[]
  /** For whoever runs them. */
  readonly admins: readonly OpenClient[]

  private constructor(servers: readonly TestServer[], admins: readonly OpenClient[]) {
    this.servers = servers
    this.admins = admins
  }

  static async start(): Promise<QuorumServers> {
    const servers = await Promise.all(Array.from({ length: COUNT }, () => startServer('redis', { isOwn: true })))
    return new QuorumServers(servers, await openAll(servers.map(({ url }) => url)))
  }

  get urls(): readonly string[] {
    return this.servers.map(({ url }) => url)
  }

  /** Makes one of them forget everything of a prefix. */
  async forget(index: number, prefix: string): Promise<void> {
    const { command } = this.admins[index] as OpenClient
    const names = (await command('KEYS', `${prefix}*`)) as [string, ...string[]]
    if (names.length > 0) await command('DEL', ...names)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const admin of this.admins) await admin[Symbol.asyncDispose]()
    await Promise.all(this.servers.map((server) => server.stop()))
  }
}

/** A client for each, ready to be used. */
export async function openAll(urls: readonly string[]): Promise<OpenClient[]> {
  const opened = await Promise.all(urls.map(openClient))
  await Promise.all(opened.map(({ command }) => command('PING')))
  return opened
}

export function clientsOf(opened: readonly OpenClient[]): RedisClient[] {
  return opened.map(({ client }) => client)
}
