/* oxlint-disable vitest/expect-expect -- the assertions are the contract's own */
import { describeOnServers } from '@escapement/testkit/vitest'
import { it } from 'vitest'
import { serverDefinitions } from '../../src/server/definitions/definitions.ts'
import { QueueUse } from '../../src/server/definitions/queue-use.ts'
import { casesTitled, serverStores } from './contract-on-server.ts'

describeOnServers(['postgres', 'mariadb'], (onServer) => {
  const create = serverStores(onServer, (context) => serverDefinitions(context, new QueueUse(context)))
  const cases = casesTitled([
    'the same definition again makes no revision',
    'a new job begins with its cursor at the time of its registration and keeps its whole definition',
    'two instances that change a definition at once cannot both decide',
    'another definition ends the revision before it where it begins; all of them stay readable',
    'pauses are replaced only while they are as expected',
    'queues keep the limits that they were registered with; others are left alone',
    'who registers a queue without a word on its limit leaves the limit as it is',
  ])
  for (const { title, rules, run } of cases) it(`rule ${rules.join(', ')}: ${title}`, () => run(create))
})
