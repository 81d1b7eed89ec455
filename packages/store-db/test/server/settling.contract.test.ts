/* oxlint-disable vitest/expect-expect -- the assertions are the contract's own */
import { describeOnServers } from '@escapement/testkit/vitest'
import { it } from 'vitest'
import { ServerEndings } from '../../src/server/ending/endings.ts'
import { serverReading } from '../../src/server/reading/reading.ts'
import type { ServerContext } from '../../src/server/server-context.ts'
import { serverSettling } from '../../src/server/settling/settling.ts'
import { ServerSpans } from '../../src/server/spans/spans.ts'
import { ServerStatistics } from '../../src/server/statistics/statistics.ts'
import { casesTitled, serverStores } from './contract-on-server.ts'
import { finishedRoles } from './partial-store.ts'
import { simpleClaim } from './simple-claim.ts'

/** Settling and reading beside the roles that are there, with a claim that is not that of the store. */
function roles(context: ServerContext): object {
  const statistics = new ServerStatistics(context)
  const endings = new ServerEndings(context, { spans: new ServerSpans(context), statistics })
  return {
    ...finishedRoles(context),
    ...simpleClaim(context),
    ...serverReading(context),
    ...serverSettling(context, { endings, statistics }),
  }
}

describeOnServers(['postgres', 'mariadb'], (onServer) => {
  const create = serverStores(onServer, roles)
  const cases = casesTitled([
    'the running attempt is shown without an outcome',
    'settling the same attempt again answers so and changes nothing, statistics included',
    'a retry settled again before and after its next attempt began is a repetition',
    'progress is stored while the fence is the newest',
    'history none: settled ticks fold into spans of their verdict, runs without a key go, others stay',
    'history failures: failed ticks stay as rows, and keep spans apart',
    'history keep: just the newest settled executions stay',
    'statistics count verdicts, retries and interruptions, and measure duration and lateness',
    'pages go by nominal time, then id, newest first unless asked otherwise, and miss nothing',
    'each filter finds what it says, and filters add up',
    'search finds text in job, key, id, input and error message, taken literally, ASCII in either case',
    'jobs are found by name, queue, label and text; system and retired ones only when asked for',
    'the backlog counts by queue what is due and what runs, and how long the oldest has waited',
    'executions of ticks come oldest first and without runs or replacements',
  ])
  for (const { title, rules, run } of cases) it(`rule ${rules.join(', ')}: ${title}`, () => run(create))
})
