import type { DatabaseKind } from '@escapement/testkit/servers'
import type { DatabaseAddress } from '../../src/database/open-database.ts'

/** How the service is told of a database that `describeOnServers` made. */
export function addressOf(kind: DatabaseKind, url: string): DatabaseAddress {
  return { kind: kind === 'postgres' ? 'postgres' : 'mysql', url }
}
