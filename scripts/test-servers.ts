/**
 * Starts each server once for a test run, if any of its files uses it, and passes the URLs on in
 * `ESCAPEMENT_TEST_POSTGRES_URL`, `…_MARIADB_URL`, `…_REDIS_URL` and `…_ETCD_URL`. What cannot be had is listed at the end;
 * with `CI=true` it fails the run. `ESCAPEMENT_TEST_SERVERS=postgres` limits it, as where a machine is meant to test SQLite
 * only.
 */
import { readFileSync } from 'node:fs'
import { serverVariable, type ServerKind, startServers } from '@escapement/testkit/servers'
import type { TestProject } from 'vitest/node'

const KINDS: readonly ServerKind[] = ['postgres', 'mariadb', 'redis', 'etcd']

/** What a test file says when it uses a server. */
const USES: readonly (readonly [text: string, kinds: readonly ServerKind[]])[] = [
  ['describeOnServers(', ['postgres', 'mariadb']],
  ["describeWithServer('redis'", ['redis']],
  ["describeWithServer('etcd'", ['etcd']],
]

/** The servers that these test files use. */
export function usedServers(sources: readonly string[]): readonly ServerKind[] {
  return USES.flatMap(([text, kinds]) => (sources.some((source) => source.includes(text)) ? kinds : []))
}

/** Which of the servers that a run uses it is to have, and why not the others. */
export function plannedServers(
  choice: string | undefined,
  used: readonly ServerKind[],
): { wanted: ServerKind[]; notRun: string[] } {
  const chosen: readonly string[] =
    choice === undefined
      ? KINDS
      : choice
          .split(',')
          .map((kind) => kind.trim())
          .filter((kind) => kind !== '')
  const unknown = chosen.find((kind) => !KINDS.some((known) => known === kind))
  if (unknown !== undefined) {
    throw new Error(`ESCAPEMENT_TEST_SERVERS has "${unknown}"; it may have ${KINDS.join(', ')}`)
  }
  return {
    wanted: used.filter((kind) => chosen.includes(kind)),
    notRun: used.filter((kind) => !chosen.includes(kind)).map((kind) => `${kind}: not in ESCAPEMENT_TEST_SERVERS`),
  }
}

/** Called by vitest before the first and after the last test. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  // What the run was limited to on the command line; vitest has it, but not in its types.
  const { filenamePattern } = project.vitest as { filenamePattern?: string[] }
  const { testFiles } = await project.globTestFiles(filenamePattern)
  const used = usedServers(testFiles.map((file) => readFileSync(file, 'utf8')))
  if (used.length === 0) return undefined
  const { wanted, notRun } = plannedServers(process.env['ESCAPEMENT_TEST_SERVERS'], used)
  const started = await startServers(wanted)
  for (const server of Object.values(started.servers)) process.env[serverVariable(server.kind)] = server.url
  notRun.push(...started.unavailable.map(({ kind, reason }) => `${kind}: ${reason}`))
  return async () => {
    await started.stop()
    for (const line of notRun) console.warn(`\nNot run on ${line}`)
  }
}
