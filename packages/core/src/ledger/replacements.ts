import type { Execution } from '../store/execution.ts'
import type { ReadStore } from '../store/read-store.ts'

const IDS_A_CALL = 500
/** Longer chains of retries by hand than this are followed no further. */
const LONGEST_CHAIN = 50

/** For each replaced execution the last one of its chain that is still kept, by the replaced one's id. */
export async function lastReplacements(
  store: Pick<ReadStore, 'executions'>,
  namespace: string,
  executions: readonly Execution[],
): Promise<ReadonlyMap<string, Execution>> {
  const last = new Map<string, Execution>()
  let open = executions.map((execution) => ({ id: execution.id, newest: execution }))
  for (let step = 0; step < LONGEST_CHAIN; step++) {
    open = open.filter(({ newest }) => newest.replacedBy !== null)
    const ids = open.map(({ newest }) => newest.replacedBy as string)
    const found = await executionsById(store, namespace, ids)
    open = open.flatMap(({ id, newest }) => {
      const next = found.get(newest.replacedBy as string)
      return next === undefined ? [] : [{ id, newest: next }]
    })
    if (open.length === 0) break
    for (const { id, newest } of open) last.set(id, newest)
  }
  return last
}

async function executionsById(
  store: Pick<ReadStore, 'executions'>,
  namespace: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Execution>> {
  const found = new Map<string, Execution>()
  for (let first = 0; first < ids.length; first += IDS_A_CALL) {
    const page = await store.executions(namespace, { ids: ids.slice(first, first + IDS_A_CALL) }, { limit: IDS_A_CALL })
    for (const execution of page.items) found.set(execution.id, execution)
  }
  return found
}
