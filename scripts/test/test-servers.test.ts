import { expect, it } from 'vitest'
import { plannedServers } from '../test-servers.ts'

it('every server is wanted unless the environment says which', () => {
  expect(plannedServers(undefined)).toEqual({ wanted: ['postgres', 'mariadb'], notRun: [] })
})

it('what the environment leaves out is listed as not run, never skipped in silence', () => {
  expect(plannedServers('mariadb')).toEqual({
    wanted: ['mariadb'],
    notRun: ['postgres: not in ESCAPEMENT_TEST_SERVERS'],
  })
  expect(plannedServers('')).toMatchObject({
    wanted: [],
    notRun: [/postgres/, /mariadb/].map((name) => expect.stringMatching(name)),
  })
})

it('a server that nobody knows is a mistake', () => {
  expect(() => plannedServers('postgres, maria')).toThrow(/"maria".*postgres, mariadb/)
})
