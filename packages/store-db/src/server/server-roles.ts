import type {
  ClaimStore,
  DefinitionStore,
  EnqueueStore,
  PlanStore,
  ReadStore,
  SettleStore,
  UpkeepStore,
} from '@escapement/core'
import { serverClaiming } from './claiming/claiming.ts'
import { Foresight } from './claiming/foresight.ts'
import { QueueStarts } from './claiming/queue-starts.ts'
import { ServerReleases } from './claiming/releases.ts'
import { serverDefinitions } from './definitions/definitions.ts'
import { QueueUse } from './definitions/queue-use.ts'
import { ServerEndings } from './ending/endings.ts'
import { ExecutionRemoval } from './ending/execution-removal.ts'
import { serverEnqueue } from './enqueue/enqueue.ts'
import type { AtHostCommit } from './enqueue/host-transactions.ts'
import { ServerInsertion } from './insertion/insertion.ts'
import { serverPlanning } from './planning/planning.ts'
import { serverReading } from './reading/reading.ts'
import type { ServerContext } from './server-context.ts'
import { serverSettling } from './settling/settling.ts'
import { ServerSpans } from './spans/spans.ts'
import { ServerStatistics } from './statistics/statistics.ts'
import { serverUpkeep } from './upkeep/upkeep.ts'

/** What a job store does, role by role. */
export type StoreRoles = DefinitionStore & PlanStore & ClaimStore & SettleStore & EnqueueStore & ReadStore & UpkeepStore

/** What the roles of a store use beside its server. */
export interface ServerRolesOptions {
  /** The same tables by connections of their own, for heartbeats and settlements (rule 15). Default: those of all. */
  readonly control?: ServerContext
  /** Tells others of new work when the host's transaction commits. */
  readonly atHostCommit?: AtHostCommit
  /** Where looks begin, of all roles of a store. Default: new. */
  readonly starts?: QueueStarts
  /** What claims may rely on instead of looking; without whoever tells it of changes, nothing. Default: new. */
  readonly foresight?: Foresight
}

/** All roles of the job store on a server. */
export function serverRoles(context: ServerContext, options: ServerRolesOptions = {}): StoreRoles {
  const { control, atHostCommit = () => Promise.resolve() } = options
  const { starts = new QueueStarts(context.server.runtime), foresight = new Foresight() } = options
  if (control !== undefined) {
    const controlling = serverRoles(control, { starts })
    return {
      ...serverRoles(context, { atHostCommit, starts, foresight }),
      settle: (namespace, settlements) => controlling.settle(namespace, settlements),
      heartbeat: (namespace, request) => controlling.heartbeat(namespace, request),
    }
  }
  const queueUse = new QueueUse(context)
  const insertion = new ServerInsertion(context)
  const spans = new ServerSpans(context)
  const statistics = new ServerStatistics(context)
  const removal = new ExecutionRemoval(context)
  const endings = new ServerEndings(context, { removal, spans, statistics })
  const releases = new ServerReleases(context, { endings, removal, statistics })
  return {
    ...serverDefinitions(context, { queueUse, removal }),
    ...serverPlanning(context, { queueUse, insertion, removal, spans }),
    ...serverEnqueue(context, { queueUse, insertion, endings, atHostCommit }),
    ...serverSettling(context, { endings, statistics }),
    ...serverClaiming(context, { endings, releases, starts, foresight }),
    ...serverReading(context),
    ...serverUpkeep(context, { removal, statistics, starts, recover: releases.recover.bind(releases) }),
  }
}
