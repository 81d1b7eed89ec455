import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** What the process of the proxies is told, as JSON in its one argument. */
export interface ProxyOrder {
  /** By the name of the server. */
  readonly urls: Readonly<Record<string, string>>
  readonly delayMs: number
}

/** What it answers: the ports on 127.0.0.1, by the name of the server. */
export type ProxyPorts = Readonly<Record<string, number>>

/** Proxies that keep each reply back for a while, in a process of their own so that their work is not that of who is measured. */
export interface DelayingProxies extends AsyncDisposable {
  /** The URL of a database on that server, by way of its proxy. */
  through(server: string, url: string): string
}

/** Starts one for each server. */
export async function startDelayingProxies(
  urls: Readonly<Record<string, string>>,
  delayMs: number,
): Promise<DelayingProxies> {
  const order: ProxyOrder = { urls, delayMs }
  const child = fork(new URL('./delaying-proxy-process.ts', import.meta.url), [JSON.stringify(order)])
  const [ports] = (await once(child, 'message')) as [ProxyPorts]
  return {
    through: (server, url) => {
      const changed = new URL(url)
      changed.hostname = '127.0.0.1'
      changed.port = String(ports[server])
      return changed.href
    },
    [Symbol.asyncDispose]: () => end(child),
  }
}

async function end(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.disconnect()
  await exit
}
