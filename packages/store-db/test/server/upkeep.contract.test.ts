/* oxlint-disable vitest/expect-expect -- the assertions are the contract's own */
import { describeOnServers } from '@escapement/testkit/vitest'
import { it } from 'vitest'
import { ServerEndings } from '../../src/server/ending/endings.ts'
import { serverReading } from '../../src/server/reading/reading.ts'
import type { ServerContext } from '../../src/server/server-context.ts'
import { serverSettling } from '../../src/server/settling/settling.ts'
import { ServerSpans } from '../../src/server/spans/spans.ts'
import { ServerStatistics } from '../../src/server/statistics/statistics.ts'
import { serverUpkeep } from '../../src/server/upkeep/upkeep.ts'
import { casesTitled, serverStores } from './contract-on-server.ts'
import { finishedRoles } from './partial-store.ts'
import { simpleClaim } from './simple-claim.ts'

/** Upkeep beside the roles that are there, with a claim that is not that of the store, and nothing to recover. */
function roles(context: ServerContext): object {
  const statistics = new ServerStatistics(context)
  const endings = new ServerEndings(context, { spans: new ServerSpans(context), statistics })
  return {
    ...finishedRoles(context),
    ...simpleClaim(context),
    ...serverReading(context),
    ...serverSettling(context, { endings, statistics }),
    ...serverUpkeep(context, { statistics, recover: () => Promise.resolve([]) }),
  }
}

describeOnServers(['postgres', 'mariadb'], (onServer) => {
  const create = serverStores(onServer, roles)
  const cases = casesTitled([
    'a span that has grown is purged by its end, not by its beginning',
    'purge deletes what ended before the time, in bounded steps; what is open, newer or counted stays',
    'old statistics fold into wider buckets and lose nothing',
    'settings are what was saved last; null before',
    'a bulk action is saved by compare and set on its cursor and status',
    'jobs with due work that no live instance has a handler for are stranded',
  ])
  for (const { title, rules, run } of cases) it(`rule ${rules.join(', ')}: ${title}`, () => run(create))
})
