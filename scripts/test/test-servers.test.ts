import { expect, it } from 'vitest'
import { plannedServers, usedServers } from '../test-servers.ts'

/** Written so that this file itself seems to use no server. */
const uses = (call: string, argument: string): string => `${call}(${argument}, () => {})`

it('a run has the servers that its files use, and no others', () => {
  expect(usedServers(["describe('memory')", 'startServer()'])).toEqual([])
  const files = [uses('describeWithServer', "'etcd'"), uses('describeOnServers', "['postgres']")]
  expect(usedServers(files)).toEqual(['postgres', 'mariadb', 'etcd'])
  expect(usedServers([uses('describeWithServer', "'redis'")])).toEqual(['redis'])
})

it('every server that is used is wanted unless the environment says which', () => {
  expect(plannedServers(undefined, ['postgres', 'etcd'])).toEqual({ wanted: ['postgres', 'etcd'], notRun: [] })
})

it('what the environment leaves out is listed as not run, never skipped in silence', () => {
  expect(plannedServers('mariadb', ['postgres', 'mariadb'])).toEqual({
    wanted: ['mariadb'],
    notRun: ['postgres: not in ESCAPEMENT_TEST_SERVERS'],
  })
  expect(plannedServers('', ['redis', 'etcd'])).toMatchObject({
    wanted: [],
    notRun: [/redis/, /etcd/].map((name) => expect.stringMatching(name)),
  })
})

it('a server that nobody knows is a mistake', () => {
  expect(() => plannedServers('postgres, maria', [])).toThrow(/"maria".*postgres, mariadb/)
})
