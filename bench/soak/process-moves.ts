import { setTimeout as sleep } from 'node:timers/promises'
import { NOTICE_MS } from './disturbance.ts'
import type { SoakCluster } from './soak-cluster.ts'
import type { ProcessMove } from './soak-plan.ts'
import type { SoakSetting } from './soak-setting.ts'

/** Beyond lease and notice, so that others have taken over when a stopped process goes on. Milliseconds. */
const LONGER_MS = 500

/** Does one thing to one process, when enough is in flight; a dead process has a successor when it resolves. */
export async function moveProcess(
  { what }: ProcessMove,
  cluster: SoakCluster,
  setting: SoakSetting,
  giveUpAt: number,
): Promise<void> {
  if (what === 'stop') return await stop(cluster, setting, giveUpAt)
  if (what === 'kill') {
    await cluster.full(giveUpAt)
    const killed = await cluster.firstBusy()
    killed.kill()
  } else {
    await cluster.dieAt(what, giveUpAt)
  }
  await cluster.replace(setting)
}

async function stop(cluster: SoakCluster, setting: SoakSetting, giveUpAt: number): Promise<void> {
  await cluster.full(giveUpAt)
  const stopped = await cluster.firstBusy()
  // On SQLite in a turn of its own, when no transaction is open: what a process holds that is stopped inside one is not
  // promised to be free. A server sees to that.
  if (setting.database.kind === 'sqlite') stopped.order({ order: 'stop-yourself' })
  else stopped.stop()
  await sleep(setting.leaseMs + NOTICE_MS + LONGER_MS)
  stopped.continue()
}
