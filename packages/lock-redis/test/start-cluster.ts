import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

const PROGRAM = 'redis-server'
const READY_WITHIN_MS = 20_000

/** A Cluster of two servers, each with half of the slots. */
export interface TestCluster extends AsyncDisposable {
  readonly ports: readonly number[]
}

/** Starts a Cluster; null: `redis-server` is not on the path. */
export async function startCluster(): Promise<TestCluster | null> {
  const folder = mkdtempSync(join(tmpdir(), 'escapement-cluster-'))
  const ports = [await freePort(), await freePort()]
  const children: ChildProcess[] = []
  const dispose = async (): Promise<void> => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    for (const port of ports) children.push(await startNode(folder, port))
    await meet(ports)
    return { ports, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

async function startNode(folder: string, port: number): Promise<ChildProcess> {
  const options = {
    port,
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    'cluster-enabled': 'yes',
    'cluster-port': await freePort(),
  }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = spawn(PROGRAM, [...args, '--cluster-config-file', `nodes-${port}.conf`], { stdio: 'ignore' })
  await once(child, 'spawn')
  return child
}

async function meet(ports: readonly number[]): Promise<void> {
  const nodes = ports.map((port) => new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null }))
  try {
    for (const node of nodes) node.on('error', () => undefined)
    for (const [index, node] of nodes.entries()) {
      await node.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))
      await node.call('CLUSTER', 'ADDSLOTSRANGE', String(index * 8_192), String(index * 8_192 + 8_191))
    }
    const busPort = /@(\d+)/.exec(String(await nodes[1]?.call('CLUSTER', 'NODES')))?.[1] ?? ''
    await nodes[0]?.call('CLUSTER', 'MEET', '127.0.0.1', String(ports[1]), busPort)
    const startedAt = performance.now()
    for (const node of nodes) {
      while (!/cluster_state:ok/.test(String(await node.call('CLUSTER', 'INFO')))) {
        if (performance.now() - startedAt > READY_WITHIN_MS) throw new Error('the Cluster did not come together')
        await sleep(50)
      }
    }
  } finally {
    for (const node of nodes) node.disconnect()
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
