import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TcpProxyError } from '../../../src/servers.ts'
import { connectPeer } from '../../support/tcp-peer.ts'
import { codeOf, TcpStage } from '../../support/tcp-stage.ts'

let stage: TcpStage

beforeEach(async () => {
  stage = await TcpStage.start()
})

afterEach(() => stage[Symbol.asyncDispose]())

describe('TcpProxy: connections that end', () => {
  it.each(['reset', 'end'] as const)('cuts all connections: %s', async (end) => {
    const [one, two] = [await stage.connectPair(), await stage.connectPair()]
    stage.proxy.cut({ client: end, server: end })
    const ends = [one.client, one.peer, two.client, two.peer].map((peer) => peer.ended())
    expect(await Promise.all(ends)).toEqual([end, end, end, end])
    await stage.proxy.idle()
    const three = await stage.connectPair()
    three.client.send('new')
    await three.client.has('NEW')
  })

  it('cuts a connection that is just ending', async () => {
    const { client, peer } = await stage.connectPair()
    stage.proxy.cut({ client: 'end', server: 'end' })
    stage.proxy.cut()
    await stage.proxy.idle()
    await Promise.all([client.ended(), peer.ended()])
    expect(stage.proxy.openConnections).toBe(0)
  })

  it('leaves a client half-open: it hears nothing of a server that is gone', async () => {
    const { client, peer } = await stage.connectPair()
    stage.proxy.cut({ client: 'silence' })
    expect(await peer.ended()).toBe('reset')
    client.send('are you there?')
    await stage.letThingsHappen()
    expect([client.received, client.ending, stage.proxy.openConnections]).toEqual(['', 'none', 1])
    client.socket.end()
    await stage.proxy.idle()
  })

  it('leaves a server half-open: it hears nothing of a client that is gone', async () => {
    const { client, peer } = await stage.connectPair()
    stage.proxy.cut({ client: 'end', server: 'silence' })
    expect(await client.ended()).toBe('end')
    peer.send('are you there?')
    await stage.letThingsHappen()
    expect([peer.received, peer.ending, stage.proxy.openConnections]).toEqual(['', 'none', 1])
    peer.socket.end()
    await stage.proxy.idle()
  })

  it('refuses new connections, leaves the open ones, and accepts again on the same port', async () => {
    const { client } = await stage.connectPair()
    const { port } = stage.proxy
    await stage.proxy.refuse()
    expect(await connectPeer(port).catch(codeOf)).toBe('ECONNREFUSED')
    client.send('open')
    await client.has('OPEN')
    await Promise.all([stage.proxy.heal(), stage.proxy.heal()])
    await stage.connectPair()
    expect([stage.proxy.port, stage.proxy.acceptedConnections]).toEqual([port, 2])
  })

  it.each(['reset', 'end'] as const)('ends each new connection at once, unseen by the server: %s', async (end) => {
    await stage.proxy.refuse()
    await stage.proxy.refuse(end)
    // An RST may come so soon that connecting itself fails.
    const ended = stage.connectClient().then((client) => client.ended())
    expect(await ended.catch((error: unknown) => (codeOf(error) === 'ECONNRESET' ? 'reset' : error))).toBe(end)
    await stage.proxy.connection(1)
    await stage.proxy.idle()
    expect([stage.proxy.acceptedConnections, stage.server.peers.length]).toEqual([1, 0])
    await stage.proxy.heal()
    await stage.connectPair()
  })

  it('accepts new connections in silence', async () => {
    await stage.proxy.refuse('silence')
    const client = await stage.connectClient()
    client.send('hello')
    await stage.letThingsHappen()
    expect([client.received, client.ending, stage.proxy.openConnections]).toEqual(['', 'none', 1])
  })

  it('notices the end of a client that still sends to a server which is gone unseen', async () => {
    const { client, peer } = await stage.connectPair()
    stage.proxy.swallow('replies')
    peer.socket.pause()
    for (let n = 0; n < 32; n++) client.socket.write(Buffer.alloc(1_048_576, 'x'))
    await stage.letThingsHappen()
    peer.socket.resetAndDestroy()
    await stage.letThingsHappen()
    expect(client.ending).toBe('none')
    client.socket.destroy()
    await stage.proxy.idle()
  })

  it('ends every socket when it is closed, whatever state they are in, and whoever waits', async () => {
    const pairs = [await stage.connectPair(), await stage.connectPair()]
    stage.proxy.cut({ client: 'silence', server: 'silence' })
    const open = await stage.connectPair()
    stage.proxy.freeze()
    open.client.send('never')
    const idle = stage.proxy.idle()
    const { proxy } = stage
    const waiting = [proxy.connection(), proxy.nextRequest(), proxy.loseReply(), proxy.loseRequest()]
    await Promise.all([proxy.close(), proxy.close(), idle])
    expect(proxy.openConnections).toBe(0)
    for (const wait of waiting) await expect(wait).rejects.toThrow(TcpProxyError)
    for (const { client, peer } of [...pairs, open]) await Promise.all([client.ended(), peer.ended()])
    await stage.proxy.heal()
    expect(await connectPeer(stage.proxy.port).catch(codeOf)).toBe('ECONNREFUSED')
    await expect(stage.proxy.nextRequest()).rejects.toThrow(TcpProxyError)
    await expect(stage.proxy.connection()).rejects.toThrow(TcpProxyError)
  })
})
