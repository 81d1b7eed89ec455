import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ServerUnavailableError, startServer, startServers } from '../../src/servers.ts'
import { fromBinary } from '../../src/servers/from-binary.ts'
import { SERVER_RECIPES, type ServerRecipe } from '../../src/servers/server-recipe.ts'
import { findPrograms } from '../../src/servers/find-programs.ts'
import { processTree } from '../../src/servers/process-tree.ts'

/** Asks a PostgreSQL server over TCP whether it speaks TLS: `S` or `N`, whatever its settings. */
function askPostgres(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), new URL(url).hostname)
    socket.once('error', reject)
    socket.once('data', (answer) => {
      socket.destroy()
      resolve(answer.toString('latin1'))
    })
    socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]))
  })
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** What each of these processes does, a letter each: `T` has been stopped. */
function statesOf(pids: readonly number[]): string {
  const lines = execFileSync('ps', ['-o', 'stat=', '-p', pids.join(',')], { encoding: 'utf8' })
    .trim()
    .split('\n')
  return lines.map((line) => line[0]).join('')
}

describe('startServer', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('starts a real server that answers over TCP, and leaves neither process nor port behind', async () => {
    const server = await startServer('postgres')
    expect(await askPostgres(server.url)).toMatch(/^[SN]/)
    await Promise.all([server.stop(), server.stop()])
    const answer = await askPostgres(server.url).then(
      () => 'answers',
      (error: unknown) => (error as NodeJS.ErrnoException).code,
    )
    expect(answer).toBe(server.source === 'environment' ? 'answers' : 'ECONNREFUSED') // that one is not ours to end
    expect(server.process !== null && isRunning(server.process.pid)).toBe(false)
  }, 120_000)

  it('takes the server that the environment names', async () => {
    vi.stubEnv('ESCAPEMENT_TEST_REDIS_URL', 'redis://10.0.0.1:6379')
    const server = await startServer('redis')
    expect([server.url, server.source]).toEqual(['redis://10.0.0.1:6379', 'environment'])
    expect(server.process).toBeNull()
    await server.stop()
  })

  it('finds programs only where they are', () => {
    expect(findPrograms(['no-such-program'])).toBeNull()
    vi.stubEnv('PATH', mkdtempSync(join(tmpdir(), 'escapement-path-')))
    expect(findPrograms(['node'])).toBeNull()
  })
})

describe('fromBinary', () => {
  const recipe = (script: string): ServerRecipe => ({
    ...SERVER_RECIPES.redis,
    programs: ['node'],
    run: ({ port }) => ({ program: 'node', args: ['-e', script, String(port)] }),
  })

  it('reports a server that ends instead of getting ready, with what it printed', async () => {
    await expect(fromBinary(recipe('console.error("no such luck"); process.exit(3)'))).rejects.toThrow(
      /redis ended with code 3\nno such luck/,
    )
  })

  it('starts what it finds in a folder and on a port of its own, and ends it by its process id', async () => {
    const listen =
      'require("net").createServer().listen(process.argv[1], () => console.log("Ready to accept connections"))'
    const [one, two] = await Promise.all([fromBinary(recipe(listen)), fromBinary(recipe(listen))])
    expect(one?.url).not.toBe(two?.url)
    await one?.stop()
    expect([isRunning(one?.process?.pid ?? 0), isRunning(two?.process?.pid ?? 0)]).toEqual([false, true])
    await two?.stop()
    expect(isRunning(two?.process?.pid ?? 0)).toBe(false)
  })
})

describe('ServerProcess', () => {
  const noting = (folder: string): ServerRecipe => ({
    ...SERVER_RECIPES.redis,
    programs: ['node'],
    run: ({ port }) => ({
      program: 'node',
      args: [
        '-e',
        `process.once('SIGTERM', () => (note('orderly'), process.exit()))
        const note = (text) => require('fs').appendFileSync('${folder}/notes', text + ' ')
        note('start')
        require('net').createServer().listen(process.argv[1], () => console.log('Ready to accept connections'))`,
        String(port),
      ],
    }),
  })

  it('starts a server again on its port as another process, after an orderly end or a crash', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'escapement-restart-'))
    const server = await fromBinary(noting(folder))
    const pids = [server?.process?.pid]
    for (const how of [undefined, 'crash'] as const) {
      await server?.process?.restart(how)
      pids.push(server?.process?.pid)
    }
    expect(new Set(pids).size).toBe(3)
    expect(pids.map((pid) => isRunning(pid ?? 0))).toEqual([false, false, true])
    await server?.stop()
    expect(isRunning(pids[2] ?? 0)).toBe(false)
    expect(readFileSync(join(folder, 'notes'), 'utf8')).toBe('start orderly start start orderly ')
    rmSync(folder, { recursive: true })
  })

  it('starts a server again without what it kept', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'escapement-restart-'))
    const server = await fromBinary({
      ...SERVER_RECIPES.redis,
      programs: ['node'],
      files: { begin: '0' },
      prepare: (place) => [
        { program: 'node', args: ['-e', `require('fs').appendFileSync('${folder}/notes', 'prepare ')`, place.folder] },
      ],
      run: (place) => ({
        program: 'node',
        args: [
          '-e',
          `const { readdirSync, writeFileSync, appendFileSync } = require('fs')
          const [place, port] = process.argv.slice(1)
          appendFileSync('${folder}/notes', readdirSync(place).sort().join() + ' ')
          writeFileSync(place + '/kept', '')
          require('net').createServer().listen(port, () => console.log('Ready to accept connections'))`,
          place.folder,
          String(place.port),
        ],
      }),
    })
    await server?.process?.restart()
    await server?.process?.restartEmpty()
    await server?.stop()
    expect(readFileSync(join(folder, 'notes'), 'utf8')).toBe('prepare begin begin,kept prepare begin ')
    rmSync(folder, { recursive: true })
  })

  it('freezes a server with all its processes, lets it go on, and ends one that is frozen', async ({ skip }) => {
    await using server = await startServer('postgres', { isOwn: true })
    const running = server.process
    if (running === null) return skip('only a server that is started from programs can be frozen')
    running.freeze()
    const answer = askPostgres(server.url)
    await vi.waitFor(() => expect(statesOf(processTree(running.pid))).toMatch(/^T{4,}$/))
    running.thaw()
    expect(await answer).toMatch(/^[SN]/)
    running.freeze()
  }, 60_000)
})

describe('startServers', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  })

  /** Makes this machine one that has nothing and may install nothing. */
  function takeEverythingAway(): void {
    vi.stubEnv('PATH', mkdtempSync(join(tmpdir(), 'escapement-path-')))
    vi.stubEnv('DOCKER_HOST', undefined)
    vi.stubEnv('ESCAPEMENT_TEST_ETCD_URL', undefined)
    if (process.getuid !== undefined) vi.spyOn(process, 'getuid').mockReturnValue(1_000)
  }

  it('lists what cannot be had and says what to install', async () => {
    takeEverythingAway()
    vi.stubEnv('CI', undefined)
    vi.stubEnv('ESCAPEMENT_TEST_REDIS_URL', 'redis://10.0.0.1:6379')
    await using started = await startServers(['redis', 'etcd'])
    expect(Object.keys(started.servers)).toEqual(['redis'])
    expect(started.unavailable.map(({ kind }) => kind)).toEqual(['etcd'])
    expect(started.unavailable[0]?.reason).toContain('apt-get install etcd-server')
    expect(started.unavailable[0]?.reason).toContain('ESCAPEMENT_TEST_ETCD_URL')
  })

  it('fails instead with CI=true', async () => {
    takeEverythingAway()
    vi.stubEnv('CI', 'true')
    await expect(startServers(['etcd'])).rejects.toThrow(ServerUnavailableError)
  })
})
