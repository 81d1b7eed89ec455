/** The process of the proxies; it ends when its parent lets go of it. */
import { startTcpProxy, type TcpProxy } from '@escapement/testkit/servers'
import type { ProxyOrder, ProxyPorts } from './delaying-proxies.ts'

const { urls, delayMs } = JSON.parse(process.argv[2] ?? '') as ProxyOrder
const proxies: TcpProxy[] = []
const ports: Record<string, number> = {}
for (const [server, url] of Object.entries(urls)) {
  const proxy = await startTcpProxy(url)
  proxy.delay(delayMs, 'replies')
  proxies.push(proxy)
  ports[server] = proxy.port
}
process.on('disconnect', () => void Promise.all(proxies.map((proxy) => proxy.close())))
process.send?.(ports satisfies ProxyPorts)
