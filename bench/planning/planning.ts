import type { Benchmark, Report, Scale } from '../harness/benchmark.ts'
import { freshPlace, startMeasuredServers } from '../harness/measured-servers.ts'
import { scratchFile } from '../harness/scratch-file.ts'
import { measurePlanning, type PlanningCase, sizesFor } from './planning-cost.ts'

const LOOKS_A_SECOND = 20

/** What it costs to know what is due, with few jobs and with many. */
export const planning: Benchmark = {
  name: 'planning',
  title: 'Planning, SQLite and memory',
  run: async (scale) => report(scale),
}

/** The same on a server. */
export const serverPlanning: Benchmark = {
  name: 'server-planning',
  title: 'Planning, PostgreSQL',
  run: async (scale) => serverReport(scale),
}

const SQLITE: PlanningCase = {
  name: 'SQLite',
  fresh: async () => {
    const scratch = scratchFile()
    return {
      place: { kind: 'sqlite', path: scratch.path },
      [Symbol.asyncDispose]: async () => scratch[Symbol.dispose](),
    }
  },
}

const MEMORY: PlanningCase = {
  name: 'memory',
  fresh: async () => ({ place: { kind: 'memory' }, [Symbol.asyncDispose]: () => Promise.resolve() }),
}

async function report(scale: Scale): Promise<Report> {
  const cases = scale === 'full' ? [SQLITE, MEMORY] : [SQLITE]
  return {
    ...(await measurePlanning(cases, sizesFor(scale, 60))),
    notes: [
      'Processor time is that of all threads of the process. A *look* is `PRAGMA data_version`, by which a scheduler on SQLite ' +
        `that runs jobs notices other processes ${LOOKS_A_SECOND} times a second; it reads shared memory and is not among the statements.`,
    ],
  }
}

async function serverReport(scale: Scale): Promise<Report> {
  await using servers = await startMeasuredServers(['postgres'])
  const cases: PlanningCase[] = servers.has('postgres')
    ? [{ name: 'PostgreSQL', fresh: () => freshPlace(servers, 'postgres') }]
    : []
  return {
    ...(await measurePlanning(cases, sizesFor(scale, 30))),
    notes: [
      ...servers.notes,
      'Processor time is that of all threads of the scheduler’s process; the server’s own is not in it. Statements are ' +
        'counted where they are sent, those that open and end a transaction among them.',
    ],
  }
}
