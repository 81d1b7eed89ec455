import { type AddressInfo, createServer } from 'node:net'
import { InvalidOptionError, systemRuntime } from '@escapement/base'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTcpProxy } from '../../../src/servers.ts'
import { TcpStage } from '../../support/tcp-stage.ts'

let stage: TcpStage

beforeEach(async () => {
  stage = await TcpStage.start()
})

afterEach(() => stage[Symbol.asyncDispose]())

describe('startTcpProxy', () => {
  it('passes bytes both ways, and the end of either side to the other', async () => {
    const one = await stage.connectPair()
    one.client.send('hello')
    await one.client.has('HELLO')
    one.client.socket.end()
    expect(await one.peer.ended()).toBe('end')

    const two = await stage.connectPair()
    two.peer.socket.end()
    expect(await two.client.ended()).toBe('end')

    const three = await stage.connectPair()
    three.client.socket.resetAndDestroy()
    expect(await three.peer.ended()).toBe('reset')

    const four = await stage.connectPair()
    four.peer.socket.resetAndDestroy()
    expect(await four.client.ended()).toBe('reset')
    await stage.proxy.idle()
  })

  it('delivers an answer to a client that has ended its side already', async () => {
    const answer = 'x'.repeat(1_000_000)
    const late = createServer({ allowHalfOpen: true }, (socket) => socket.resume().on('end', () => socket.end(answer)))
    await new Promise<void>((resolve) => late.listen(0, '127.0.0.1', resolve))
    const before = await startTcpProxy(`tcp://127.0.0.1:${(late.address() as AddressInfo).port}`)
    const client = await stage.connectClient(before.port)
    client.socket.end('question')
    expect(await client.ended()).toBe('end')
    expect(client.received).toBe(answer)
    await before.close()
    await new Promise((resolve) => late.close(resolve))
  })

  it('keeps the URL but for host and port', async () => {
    expect(stage.proxy.url).toBe(`tcp://127.0.0.1:${stage.proxy.port}`)
    const urls = ['postgres://me:p%40ss@db.example/jobs?x=1', 'mysql://root@db:3307/escapement', 'http://[::1]:2379']
    const through = await Promise.all(
      urls.map(async (url) => {
        await using before = await startTcpProxy(url)
        return before.url.replace(`:${before.port}`, ':1')
      }),
    )
    expect(through).toEqual([
      'postgres://me:p%40ss@127.0.0.1:1/jobs?x=1',
      'mysql://root@127.0.0.1:1/escapement',
      'http://127.0.0.1:1',
    ])
  })

  it('refuses a URL without a port, and shows no password', async () => {
    await expect(startTcpProxy('tcp://me:secret@db')).rejects.toThrow(InvalidOptionError)
    await expect(startTcpProxy('tcp://me:secret@db')).rejects.toThrow("url is 'tcp://me:***@db'")
    await expect(startTcpProxy('nonsense')).rejects.toThrow(InvalidOptionError)
  })

  it('resets the clients of a server that refuses its connections', async () => {
    await stage.server[Symbol.asyncDispose]()
    expect(await (await stage.connectClient()).ended()).toBe('reset')
  })
})

describe('TcpProxy', () => {
  it('delays each direction by itself, and keeps the order while delays change', async () => {
    const { client } = await stage.connectPair()
    const timeOf = async (text: string): Promise<number> => {
      const startedAt = systemRuntime.monotonic()
      client.received = ''
      client.send(text)
      await client.has(text.toUpperCase())
      return systemRuntime.monotonic() - startedAt
    }
    stage.proxy.delay('40ms', 'replies')
    expect(await timeOf('a')).toBeGreaterThanOrEqual(40)
    stage.proxy.delay(30, 'requests')
    expect(await timeOf('b')).toBeGreaterThanOrEqual(70)
    client.received = ''
    let sent = ''
    for (let n = 0; n < 60; n++) {
      stage.proxy.delay(n % 3 === 0 ? 15 : 2)
      client.send(`${n},`)
      sent += `${n},`
      await systemRuntime.sleep(0)
    }
    await client.has(sent)
    stage.proxy.delay('1h')
    client.send('x')
    await stage.letThingsHappen()
    expect(client.received).toBe(sent)
    await stage.proxy.heal() // also what is on its way
    await client.has(`${sent}X`)
  })

  it('limits the rate of a direction', async () => {
    const { client } = await stage.connectPair()
    stage.proxy.limitRate(100_000, 'requests')
    const startedAt = systemRuntime.monotonic()
    const text = 'x'.repeat(20_000)
    client.send(text)
    await client.has(text.toUpperCase())
    expect(systemRuntime.monotonic() - startedAt).toBeGreaterThanOrEqual(150) // all but the first 20 ms of 200
    expect(() => stage.proxy.limitRate(0)).toThrow(InvalidOptionError)
  })

  it('keeps what is sent while it is frozen, and passes it on once thawed', async () => {
    const { client, peer } = await stage.connectPair()
    stage.proxy.freeze()
    client.send('one')
    const late = await stage.connectClient()
    late.send('two')
    await stage.letThingsHappen()
    expect([peer.received, client.received, client.ending]).toEqual(['', '', 'none'])
    stage.proxy.thaw('requests')
    await peer.has('one')
    await stage.letThingsHappen()
    expect(client.received).toBe('')
    stage.proxy.thaw()
    await Promise.all([client.has('ONE'), late.has('TWO')])
  })

  it('swallows a direction, the end of a side included, and never delivers what follows a gap', async () => {
    const [one, two] = [await stage.connectPair(), await stage.connectPair()]
    stage.proxy.swallow('replies')
    one.client.send('lost')
    await one.peer.has('lost')
    await stage.letThingsHappen()
    await stage.proxy.heal()
    one.client.send('after')
    await one.peer.has('lostafter')
    one.peer.socket.end()
    two.client.send('whole')
    await two.client.has('WHOLE')
    await stage.letThingsHappen()
    expect([one.client.received, one.client.ending]).toEqual(['', 'none'])

    stage.proxy.swallow('requests')
    two.client.socket.destroy()
    await stage.letThingsHappen()
    expect(two.peer.ending).toBe('none')
    expect(stage.proxy.openConnections).toBe(2)
  })

  it('does not read more than it can pass on', async () => {
    const { client, peer } = await stage.connectPair()
    const megabytes = 64
    const chunk = Buffer.alloc(1_048_576, 'x')
    peer.socket.removeAllListeners('data').pause()
    for (let n = 0; n < megabytes; n++) client.socket.write(chunk)
    let left = -1
    while (left !== client.socket.writableLength) {
      left = client.socket.writableLength
      await stage.letThingsHappen()
    }
    expect(left).toBeGreaterThan((megabytes / 2) * chunk.length)
    let received = 0
    peer.socket.on('data', (text) => (received += text.length)).resume()
    client.socket.end()
    await peer.ended()
    expect(received).toBe(megabytes * chunk.length)
  })
})
