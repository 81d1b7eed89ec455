import { serverClaiming } from '../../src/server/claiming/claiming.ts'
import { ServerReleases } from '../../src/server/claiming/releases.ts'
import { serverDefinitions } from '../../src/server/definitions/definitions.ts'
import { QueueUse } from '../../src/server/definitions/queue-use.ts'
import { ServerEndings } from '../../src/server/ending/endings.ts'
import { serverEnqueue } from '../../src/server/enqueue/enqueue.ts'
import { ServerInsertion } from '../../src/server/insertion/insertion.ts'
import { serverPlanning } from '../../src/server/planning/planning.ts'
import { serverReading } from '../../src/server/reading/reading.ts'
import type { ServerContext } from '../../src/server/server-context.ts'
import { serverSettling } from '../../src/server/settling/settling.ts'
import { ServerSpans } from '../../src/server/spans/spans.ts'
import { ServerStatistics } from '../../src/server/statistics/statistics.ts'
import { serverUpkeep } from '../../src/server/upkeep/upkeep.ts'

/** A store with every role. */
export function allRoles(context: ServerContext): object {
  const queueUse = new QueueUse(context)
  const insertion = new ServerInsertion(context)
  const spans = new ServerSpans(context)
  const statistics = new ServerStatistics(context)
  const endings = new ServerEndings(context, { spans, statistics })
  const releases = new ServerReleases(context, { endings, statistics })
  return {
    ...serverDefinitions(context, queueUse),
    ...serverPlanning(context, { queueUse, insertion, spans }),
    ...serverEnqueue(context, { queueUse, insertion, endings }),
    ...serverSettling(context, { endings, statistics }),
    ...serverClaiming(context, { endings, releases }),
    ...serverReading(context),
    ...serverUpkeep(context, { statistics, recover: releases.recover.bind(releases) }),
  }
}
