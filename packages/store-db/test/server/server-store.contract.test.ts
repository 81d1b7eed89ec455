/* oxlint-disable vitest/expect-expect -- the assertions are the contract's own */
import { jobStoreContract } from '@escapement/testkit'
import { describeOnServers } from '@escapement/testkit/vitest'
import { it } from 'vitest'
import { serverRoles } from '../../src/server/server-roles.ts'
import { serverStores } from './contract-on-server.ts'

describeOnServers(['postgres', 'mariadb'], (onServer) => {
  const create = serverStores(onServer, serverRoles)
  for (const { title, rules, run } of jobStoreContract)
    it(`rule ${rules.join(', ')}: ${title}`, () => run(create), 60_000)
})
