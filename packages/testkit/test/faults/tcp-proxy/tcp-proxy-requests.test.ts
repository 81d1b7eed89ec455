import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTcpProxy, TcpProxyError } from '../../../src/servers.ts'
import { testTcpServer } from '../../support/tcp-peer.ts'
import { TcpStage } from '../../support/tcp-stage.ts'

let stage: TcpStage

beforeEach(async () => {
  stage = await TcpStage.start()
})

afterEach(() => stage[Symbol.asyncDispose]())

describe('TcpProxy: requests and replies', () => {
  it('loses a request: the server never gets it', async () => {
    const { client, peer } = await stage.connectPair()
    const lost = stage.proxy.loseRequest('two')
    client.send('one')
    await client.has('ONE')
    client.send('two')
    await lost
    expect([await client.ended(), await peer.ended()]).toEqual(['reset', 'reset'])
    expect([client.received, peer.received]).toEqual(['ONE', 'one'])
  })

  it('loses the first request of a connection', async () => {
    const lost = stage.proxy.loseRequest()
    const client = await stage.connectClient()
    client.send('one')
    await lost
    await stage.letThingsHappen()
    expect(stage.server.peers.map(({ received }) => received)).not.toContain('one')
  })

  it('loses the reply of the next request that matches, after the server has answered', async () => {
    const [one, two] = [await stage.connectPair(), await stage.connectPair()]
    const lost = stage.proxy.loseReply({ request: /tw[o]/g, client: 'end' })
    one.client.send('one')
    await one.client.has('ONE')
    two.client.send('two')
    await lost
    expect([await two.client.ended(), await two.peer.ended()]).toEqual(['end', 'end'])
    expect([two.client.received, two.peer.received]).toEqual(['', 'two'])
    one.client.send('two') // one fault, one request
    await one.client.has('ONETWO')
  })

  it('finds a request, and a reply, that are spread over chunks', async () => {
    const { client, peer } = await stage.connectPair()
    await using slow = await testTcpServer((text, to) => {
      if (text.includes('mit')) to.send('DO')
      if (text.includes('!')) to.send('NE')
    })
    await using before = await startTcpProxy(slow.url)
    const through = await stage.connectClient(before.port)
    const committed = before.nextRequest('commit')
    const lost = before.loseReply({ request: 'commit', reply: 'DONE' })
    through.send('com')
    await stage.letThingsHappen()
    expect(slow.peers[0]?.received).toBe('com')
    through.send('mit')
    expect(String(await committed)).toBe('commit')
    const again = before.nextRequest('commit')
    await stage.letThingsHappen()
    expect(through.ending).toBe('none') // the answer has only begun
    through.send('!')
    await lost
    expect(await through.ended()).toBe('reset')
    expect(through.received).toBe('')
    await before.close()
    await expect(again).rejects.toThrow(TcpProxyError) // the rest of a request is no other one
    expect([client.ending, peer.ending]).toEqual(['none', 'none'])
  })

  it('lets a client wait for ever for a lost reply, if asked', async () => {
    const { client } = await stage.connectPair()
    const lost = stage.proxy.loseReply({ client: 'silence' })
    client.send('one')
    await lost
    await stage.letThingsHappen()
    expect([client.received, client.ending]).toEqual(['', 'none'])
  })

  it('loses one reply a request, and says so when there was none to lose', async () => {
    await using silent = await testTcpServer(null)
    await using before = await startTcpProxy(silent.url)
    const [one, two] = [await stage.connectClient(before.port), await stage.connectClient(before.port)]
    const both = [before.loseReply({ request: 'one' }), before.loseReply()]
    one.send('one')
    await before.nextRequest()
    one.send('more') // its connection is lost already
    await stage.letThingsHappen()
    const [peer] = silent.peers
    expect(peer?.received).toBe('onemore')
    peer?.send('answer')
    await both[0]
    two.send('two')
    await stage.letThingsHappen()
    silent.peers[1]?.send('answer')
    await both[1]
    const three = await stage.connectPair()
    const none = stage.proxy.loseReply({ request: 'three', reply: 'never' })
    three.client.send('three')
    await three.peer.has('three')
    stage.proxy.cut()
    await expect(none).rejects.toThrow(TcpProxyError)
  })

  it('heals: faults whose requests have not come are dropped, who watches goes on', async () => {
    const { client } = await stage.connectPair()
    const lost = [stage.proxy.loseReply(), stage.proxy.loseRequest()]
    const seen = stage.proxy.nextRequest()
    await stage.proxy.heal()
    for (const each of lost) await expect(each).rejects.toThrow(TcpProxyError)
    client.send('one')
    await client.has('ONE')
    expect(String(await seen)).toBe('one')
  })

  it('tells of connections and requests without sleeping', async () => {
    const first = stage.proxy.connection()
    const second = stage.proxy.connection(2)
    await stage.proxy.idle()
    await stage.connectPair()
    await first
    const later = stage.proxy.connection()
    const { client, peer } = await stage.connectPair()
    await Promise.all([second, later, stage.proxy.connection(1)])
    expect([stage.proxy.openConnections, stage.proxy.acceptedConnections]).toEqual([2, 2])
    const judged = stage.proxy.nextRequest((bytes) => bytes.length === 3)
    const next = stage.proxy.nextRequest()
    client.send('four')
    expect(String(await next)).toBe('four')
    await client.has('FOUR')
    client.send('one')
    expect(String(await judged)).toBe('one')
    await peer.has('fourone')
  })
})
