import { describeOnServers, describeSchedulerContract } from '@escapement/testkit/vitest'
import { serverRoles } from '../../src/server/server-roles.ts'
import { serverStores } from './contract-on-server.ts'

describeOnServers(['postgres', 'mariadb'], (onServer) => {
  describeSchedulerContract('the store of a server', serverStores(onServer, serverRoles))
})
