/* oxlint-disable vitest/expect-expect -- the assertions are the contract's own */
import { describeOnServers } from '@escapement/testkit/vitest'
import { it } from 'vitest'
import { casesTitled, serverStores } from './contract-on-server.ts'
import { finishedRoles } from './partial-store.ts'
import { simpleClaim } from './simple-claim.ts'

/** Defining, planning and enqueueing, as far as a simple claim will do; the whole store is to pass all cases. */
const CASES = casesTitled([
  'a change made on an old cursor is a conflict, and none lowers the cursor',
  'registering an instance again renews its lease and changes nothing else',
  'the same definition again makes no revision',
  'a new job begins with its cursor at the time of its registration and keeps its whole definition',
  'two instances that change a definition at once cannot both decide',
  'another definition ends the revision before it where it begins; all of them stay readable',
  'supersessions grow where a job gets another revision, and by nothing else',
  'hashes of other live instances are reported, those of dead ones and of the asking one are not',
  'a job without live handlers can be marked absent, is not planned then, and is back when one comes',
  'a retired job is not planned; when it is registered again its cursor has not gone back',
  'jobs that have been absent for long are retired',
  'pauses are replaced only while they are as expected',
  'queues keep the limits that they were registered with; others are left alone',
  'who registers a queue without a word on its limit leaves the limit as it is',
  'namespaces know nothing of each other',
  'a plan inserts its ticks and moves the cursor in one step',
  'two planners that plan the same at once make one execution a tick',
  'a tick that has an execution keeps it when it is planned again',
  'an entry made on an old cursor, revision or pause changes nothing, also within a batch',
  'spans of one verdict grow together; another verdict, revision or tick between keeps them apart',
  'due jobs come soonest first, with the next tick of the others and the time of the server',
  'a job is planned with the pauses of the queue that it is in now',
  'a late tick is judged once: a second verdict on it changes nothing',
  'backfill runs no tick again whose settled execution was folded into a span',
  'an enqueued run is read as it was given, with the time of the server where none was given',
  'one key makes one execution, also within one call; look-alike keys make one each',
  'the same key in another job or namespace is another execution',
  'a key is taken as long as its execution is kept, whatever became of it',
  'any number of executions without a key stand side by side',
  'the same ids again change nothing and say so',
  'what nobody has claimed is cancelled at once, and stays so',
  'one that returns in spite of the request has succeeded, and shows who asked',
  'a retry that waits is cancelled at once; one that would be put back to wait is cancelled instead',
  'a retry by hand makes one replacement with the same nominal time, however often it is asked for',
  'retrying again retries the end of the chain',
  'however many instances have died, only the living have handlers',
])

describeOnServers(['postgres', 'mariadb'], (onServer) => {
  const create = serverStores(onServer, (context) => ({ ...finishedRoles(context), ...simpleClaim(context) }))
  for (const { title, rules, run } of CASES) it(`rule ${rules.join(', ')}: ${title}`, () => run(create))
})
