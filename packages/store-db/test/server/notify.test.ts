import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { systemRuntime, type Runtime } from '@escapement/base'
import type { Hint, JobStore } from '@escapement/core'
import { notificationChannel } from '@escapement/db'
import { startTcpProxy } from '@escapement/testkit/servers'
import { describeOnServers } from '@escapement/testkit/vitest'
import { Client, Pool } from 'pg'
import { expect, it, vi } from 'vitest'
import { dbStore, pgNotify } from '../../src/index.ts'
import { register, run } from '../job-stage.ts'
import { sourcesFor } from './server-pools.ts'

const NAMESPACE = 'default'

/** Everything that lasts takes a twentieth of its time. */
const hurried: Runtime = {
  ...systemRuntime,
  sleep: (ms, signal, options) => systemRuntime.sleep(ms / 20, signal, options),
}

/** Notes the hints that a store gives. */
function heardBy(store: JobStore, namespace: string = NAMESPACE): Hint[] {
  const hints: Hint[] = []
  store.subscribe(namespace, (hint) => void hints.push(hint))
  return hints
}

/** Until a session of the store is proved to listen: then it does not poll. */
async function proved(store: JobStore): Promise<void> {
  await vi.waitFor(() => expect(store.findings?.()).not.toContainEqual(expect.objectContaining({ code: 'polling' })), {
    timeout: 10_000,
  })
}

describeOnServers(['postgres'], ({ url }) => {
  const sources = sourcesFor('postgres')
  const client = (): Client => new Client({ connectionString: url() })
  const listening = async (runtime: Runtime = systemRuntime): Promise<JobStore> => {
    const store = dbStore(sources.pool(url()), { notify: pgNotify(client), runtime })
    await store.open()
    return store
  }
  /** Ends the sessions that listen; answers how many there were. */
  const endListening = async (): Promise<number> => {
    const admin = client()
    await admin.connect()
    const { rowCount } = await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()`,
    )
    await admin.end()
    return rowCount ?? 0
  }

  it('rule 23: what one process enqueues the others hear of at once, in its namespace alone', async () => {
    await using one = await listening()
    await using other = await listening()
    await register(one, NAMESPACE, 'one')
    await proved(other)
    const hints = heardBy(other)
    const elsewhere = heardBy(other, 'elsewhere')
    await one.enqueue(NAMESPACE, [run()])
    await vi.waitFor(() => expect(hints).toContain('work'), { timeout: 5_000 }) // it does not poll
    expect(elsewhere).toEqual([])
  })

  it('rule 18: whoever runs what is to be cancelled hears of it at once', async () => {
    await using one = await listening()
    await using other = await listening()
    await register(other, NAMESPACE, 'other')
    const execution = run()
    await other.enqueue(NAMESPACE, [execution])
    await other.claim(NAMESPACE, {
      instance: 'other',
      token: 1,
      isRepeat: false,
      queues: [{ queue: 'default', slots: 5, prefetch: 0 }],
      aheadMs: 0,
      handlers: new Set(['job']),
    })
    await proved(other)
    const hints = heardBy(other)
    expect(await one.cancel(NAMESPACE, execution.id, null)).toBe('requested')
    await vi.waitFor(() => expect(hints).toContain('cancel'), { timeout: 5_000 })
  })

  it('rule 23: who has heard of others looks for what they have enqueued before he claims what he has enqueued himself', async () => {
    await using one = await listening()
    await using other = await listening()
    await register(one, NAMESPACE, 'first')
    await proved(one)
    const hints = heardBy(one)
    let token = 0
    const claim = async (): Promise<readonly string[]> => {
      const queues = [{ queue: 'default', slots: 1, prefetch: 0 }]
      const request = {
        instance: 'first',
        token: ++token,
        isRepeat: false,
        queues,
        aheadMs: 0,
        handlers: new Set(['job']),
      }
      return (await one.claim(NAMESPACE, request)).executions.map(({ id }) => id)
    }
    while ((await claim()).length > 0); // what other cases have left
    await one.enqueue(NAMESPACE, [run()])
    const known = hints.length
    const urgent = run({ priority: 5 })
    await other.enqueue(NAMESPACE, [urgent])
    await vi.waitFor(() => expect(hints.length).toBeGreaterThan(known), { timeout: 5_000 })
    expect(await claim()).toEqual([urgent.id])
  })

  it('rule 23: a process hears of its own changes once, without the way through the server', async () => {
    await using store = await listening()
    await register(store, NAMESPACE, 'own')
    await proved(store)
    const hints = heardBy(store)
    await store.enqueue(NAMESPACE, [run()])
    expect(hints).toEqual(['work'])
    await using other = await listening()
    await proved(other)
    const theirs = heardBy(other)
    await store.enqueue(NAMESPACE, [run()])
    await vi.waitFor(() => expect(theirs).toEqual(['work']))
    expect(hints).toEqual(['work', 'work'])
  })

  it('rule 23: however many are enqueued, a namespace is notified of once in 5 ms at most', async () => {
    await using store = await listening()
    await register(store, NAMESPACE, 'many')
    const listener = client()
    await listener.connect()
    let notified = 0
    listener.on('notification', () => notified++)
    await listener.query(`LISTEN "${notificationChannel('escapement_', 'hints', 'public')}"`)
    const startedAt = systemRuntime.monotonic()
    await Promise.all(Array.from({ length: 300 }, () => store.enqueue(NAMESPACE, [run()])))
    await store.close() // whatever was to be sent was sent
    const tookMs = systemRuntime.monotonic() - startedAt
    await listener.query('SELECT 1') // notifications come before its answer
    expect(notified).toBeGreaterThan(0)
    expect(notified).toBeLessThanOrEqual(tookMs / 5 + 2)
    await listener.end()
  })

  it('rule 23: a session that the server ends is replaced, and nothing said meanwhile is missed for long', async () => {
    await using store = await listening()
    await proved(store)
    const hints = heardBy(store)
    expect(await endListening()).toBeGreaterThan(0)
    await vi.waitFor(() => expect(hints).not.toEqual([]), { timeout: 5_000 }) // it looks when the session breaks
    await proved(store)
    await using other = await listening()
    await register(other, NAMESPACE, 'again')
    hints.length = 0
    await other.enqueue(NAMESPACE, [run()])
    await vi.waitFor(() => expect(hints).toContain('work'), { timeout: 5_000 })
  })

  it('rule 23: a session that went silent is found out, and the store polls until another one is proved', async () => {
    await using proxy = await startTcpProxy(url())
    await using store = dbStore(sources.pool(url()), {
      notify: pgNotify(() => new Client({ connectionString: proxy.url })),
      runtime: hurried,
    })
    await store.open()
    await proved(store)
    proxy.swallow()
    await vi.waitFor(
      () =>
        expect(store.findings?.()).toContainEqual(expect.objectContaining({ code: 'polling', severity: 'warning' })),
      { timeout: 10_000 },
    )
    const hints = heardBy(store)
    await vi.waitFor(() => expect(hints).toContain('work'), { timeout: 3_000 })
    await proxy.heal()
    await proved(store)
  })

  it('rule 23: a session on another database proves nothing: health says so, and the store polls', async () => {
    const elsewhere = new URL(url())
    elsewhere.pathname = '/postgres'
    const notify = pgNotify(() => new Client({ connectionString: elsewhere.href }))
    await using store = dbStore(sources.pool(url()), { notify, runtime: hurried })
    await store.open()
    const hints = heardBy(store)
    await vi.waitFor(() =>
      expect(store.findings?.()).toContainEqual(
        expect.objectContaining({
          code: 'polling',
          message: expect.stringMatching(/not heard.*same server as the pool/),
        }),
      ),
    )
    await vi.waitFor(() => expect(hints).toContain('work'), { timeout: 3_000 })
  })

  it('rule 23: without a session health says so, and the store looks each second', async () => {
    await using store = dbStore(sources.pool(url()))
    await store.open()
    expect(store.findings?.()).toContainEqual(
      expect.objectContaining({ code: 'polling', message: expect.stringMatching(/notify was not passed/) }),
    )
    const hints = heardBy(store)
    await vi.waitFor(() => expect(hints).toContain('work'), { timeout: 3_000 })
  })

  it('closing ends the session, whoever still waits', async () => {
    const store = await listening()
    await proved(store)
    heardBy(store)
    await store.close()
    await store.close()
    expect(await endListening()).toBe(0)
  })

  it('a process that has nothing else to do hears that the end is there', () => {
    const fixture = fileURLToPath(new URL('../fixtures/closing-process.ts', import.meta.url))
    const { status, stdout, stderr } = spawnSync(process.execPath, [fixture, url()], { encoding: 'utf8' })
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'sender\nstore\n', stderr: '' })
  })

  it('a client that cannot be made or reached keeps nobody from running', async () => {
    const broken = pgNotify(() => {
      throw new Error('no such host')
    })
    await using store = dbStore(sources.pool(url()), { notify: broken })
    await store.open()
    expect(await store.now()).toBeGreaterThan(0)
    await vi.waitFor(() =>
      expect(store.findings?.()).toContainEqual(
        expect.objectContaining({ message: expect.stringMatching(/no such host/) }),
      ),
    )
  })

  it('a pool that is closed before the store ends nothing but the hints', async () => {
    const pool = new Pool({ connectionString: url() })
    const store = dbStore(pool, { notify: pgNotify(client) })
    await store.open()
    await register(store, NAMESPACE, 'closed')
    await store.enqueue(NAMESPACE, [run()])
    await pool.end()
    await expect(store.close()).resolves.toBeUndefined()
  })
})

describeOnServers(['mariadb'], ({ kind, url }) => {
  const sources = sourcesFor(kind)

  it('rule 23: MySQL and MariaDB are looked at four times a second while somebody listens', async () => {
    await using store = dbStore(sources.pool(url()))
    await store.open()
    expect(store.findings?.()).not.toContainEqual(expect.objectContaining({ code: 'polling' }))
    const hints = heardBy(store)
    const startedAt = systemRuntime.monotonic()
    await vi.waitFor(() => expect(hints.length).toBeGreaterThanOrEqual(3), { timeout: 3_000 })
    const tookMs = systemRuntime.monotonic() - startedAt
    expect(hints.length).toBeLessThanOrEqual(tookMs / 250 + 1)
  })
})
