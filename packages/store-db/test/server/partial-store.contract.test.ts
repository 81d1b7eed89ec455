/* oxlint-disable vitest/expect-expect -- the assertions are the contract's own */
import { describeOnServers } from '@escapement/testkit/vitest'
import { it } from 'vitest'
import { casesTitled, serverStores } from './contract-on-server.ts'
import { finishedRoles } from './partial-store.ts'

/** The cases of the contract that need only roles which are finished; the whole store is to pass all. */
const CASES = casesTitled([
  'a change made on an old cursor is a conflict, and none lowers the cursor',
  'a job is planned with the pauses of the queue that it is in now',
  'a job without live handlers can be marked absent, is not planned then, and is back when one comes',
  'a late tick is judged once: a second verdict on it changes nothing',
  'a new job begins with its cursor at the time of its registration and keeps its whole definition',
  'a plan inserts its ticks and moves the cursor in one step',
  'a retired job is not planned; when it is registered again its cursor has not gone back',
  'a tick that has an execution keeps it when it is planned again',
  'an enqueued run is read as it was given, with the time of the server where none was given',
  'an entry made on an old cursor, revision or pause changes nothing, also within a batch',
  'another definition ends the revision before it where it begins; all of them stay readable',
  'any number of executions without a key stand side by side',
  'due jobs come soonest first, with the next tick of the others and the time of the server',
  'pauses are replaced only while they are as expected',
  'queues keep the limits that they were registered with; others are left alone',
  'spans of one verdict grow together; another verdict, revision or tick between keeps them apart',
  'the same definition again makes no revision',
  'the same ids again change nothing and say so',
  'the same key in another job or namespace is another execution',
  'two instances that change a definition at once cannot both decide',
  'two planners that plan the same at once make one execution a tick',
  'who registers a queue without a word on its limit leaves the limit as it is',
])

describeOnServers(['postgres', 'mariadb'], (onServer) => {
  const create = serverStores(onServer, finishedRoles)
  for (const { title, rules, run } of CASES) it(`rule ${rules.join(', ')}: ${title}`, () => run(create))
})
