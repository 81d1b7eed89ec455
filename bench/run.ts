/**
 * Measures what the documentation claims: `node bench/run.ts [names] [--quick] [--write]`.
 *
 * Each benchmark prints its tables and leaves its JSON in `.reports/bench/`; `--write` puts those figures, and what other
 * runs left there, into `docs/performance.md`. `--quick` shows within some minutes that everything runs; its figures mean
 * little and go to `.reports/bench/quick/`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connections } from './connections/connections.ts'
import { cron } from './cron/cron.ts'
import { dispatch } from './dispatch/dispatch.ts'
import { serverDispatch } from './dispatch/server-dispatch.ts'
import { farServers } from './far/far-servers.ts'
import type { Benchmark } from './harness/benchmark.ts'
import { environment } from './harness/environment.ts'
import { type MeasuredBenchmark, performancePage } from './harness/performance-page.ts'
import { findingsText, tableText } from './harness/result-table.ts'
import { heldTransaction } from './held-transaction/held-transaction.ts'
import { history } from './history/history.ts'
import { historyOn } from './history/server-history.ts'
import { lateness } from './lateness/lateness.ts'
import { serverLateness } from './lateness/server-lateness.ts'
import { lock } from './lock/lock.ts'
import { planning, serverPlanning } from './planning/planning.ts'
import { serverStartLatency } from './start-latency/server-start-latency.ts'
import { startLatency } from './start-latency/start-latency.ts'

const BENCHMARKS: readonly Benchmark[] = [
  dispatch,
  serverDispatch,
  startLatency,
  serverStartLatency,
  farServers,
  lateness,
  serverLateness,
  planning,
  serverPlanning,
  cron,
  history,
  historyOn('postgres'),
  historyOn('mariadb'),
  connections,
  lock,
  heldTransaction,
]
const ROOT = join(import.meta.dirname, '..')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
})
const unknown = positionals.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name))
if (unknown.length > 0) {
  throw new Error(
    `no benchmark is called ${unknown.join(', ')}; there are ${BENCHMARKS.map(({ name }) => name).join(', ')}`,
  )
}
if (values.quick && values.write)
  throw new Error('quick figures are not for the documentation; leave --quick or --write out')

const folder = join(ROOT, '.reports', 'bench', values.quick ? 'quick' : '')
mkdirSync(folder, { recursive: true })
for (const benchmark of BENCHMARKS) {
  if (positionals.length > 0 && !positionals.includes(benchmark.name)) continue
  console.log(`\n## ${benchmark.title}\n`)
  const startedAt = performance.now()
  const report = await benchmark.run(values.quick ? 'quick' : 'full')
  const measured: MeasuredBenchmark = {
    name: benchmark.name,
    title: benchmark.title,
    environment: environment(),
    report,
  }
  for (const table of report.tables) console.log(`${tableText(table)}\n`)
  if (report.findings.length > 0) console.log(`${findingsText(report.findings)}\n`)
  const path = join(folder, `${benchmark.name}.json`)
  writeFileSync(path, `${JSON.stringify(measured, null, 2)}\n`)
  console.log(`${((performance.now() - startedAt) / 1_000).toFixed(1)} s; JSON in ${path.slice(ROOT.length + 1)}`)
}
if (values.write) {
  const measured = BENCHMARKS.map(({ name }) => readMeasured(join(folder, `${name}.json`)))
  writeFileSync(join(ROOT, 'docs', 'performance.md'), performancePage(measured.filter((each) => each !== null)))
}

function readMeasured(path: string): MeasuredBenchmark | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as MeasuredBenchmark
  } catch {
    return null // not measured yet
  }
}
