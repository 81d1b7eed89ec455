/* oxlint-disable vitest/expect-expect -- the assertions are the contract's own */
import { describeOnServers } from '@escapement/testkit/vitest'
import { it } from 'vitest'
import { casesTitled, serverStores } from './contract-on-server.ts'
import { finishedRoles } from './partial-store.ts'
import { simpleClaim } from './simple-claim.ts'

// Settling, reading and upkeep, with a claim that is not that of the store.
describeOnServers(['postgres', 'mariadb'], (onServer) => {
  const create = serverStores(onServer, (context) => ({ ...finishedRoles(context), ...simpleClaim(context) }))
  const cases = casesTitled([
    'a settled execution shows its verdict, output and attempt, and never changes again',
    'the running attempt is shown without an outcome',
    'settling the same attempt again answers so and changes nothing, statistics included',
    'a retry settled again before and after its next attempt began is a repetition',
    'progress is stored while the fence is the newest',
    'history none: settled ticks fold into spans of their verdict, runs without a key go, others stay',
    'history failures: failed ticks stay as rows, and keep spans apart',
    'history keep: just the newest settled executions stay',
    'statistics count verdicts, retries and interruptions, and measure duration and lateness',
    'pages go by nominal time, then id, newest first unless asked otherwise, and miss nothing',
    'pages are stable while rows come and go',
    'each filter finds what it says, and filters add up',
    'search finds text in job, key, id, input and error message, taken literally, ASCII in either case',
    'jobs are found by name, queue, label and text; system and retired ones only when asked for',
    'the backlog counts by queue what is due and what runs, and how long the oldest has waited',
    'executions of ticks come oldest first and without runs or replacements',
    'a span that has grown is purged by its end, not by its beginning',
    'purge deletes what ended before the time, in bounded steps; what is open, newer or counted stays',
    'old statistics fold into wider buckets and lose nothing',
    'settings are what was saved last; null before',
    'a bulk action is saved by compare and set on its cursor and status',
    'jobs with due work that no live instance has a handler for are stranded',
  ])
  for (const { title, rules, run } of cases) it(`rule ${rules.join(', ')}: ${title}`, () => run(create))
})
