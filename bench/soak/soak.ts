/**
 * Five processes on one database run 50 jobs due each second, while processes are killed and stopped, and a server is
 * restarted, frozen and made to end sessions: `node bench/soak/soak.ts [--on sqlite|postgres|mariadb] [--short]`. Fails
 * when anything is lost, done twice or late.
 */
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { SOAK_KINDS } from './soak-address.ts'
import { fullSoak, shortSoak } from './soak-plan.ts'
import { runSoak } from './soak-run.ts'
import { soakText } from './soak-text.ts'

const { values } = parseArgs({ options: { on: { type: 'string' }, short: { type: 'boolean' } } })
const kind = SOAK_KINDS.find((known) => known === (values.on ?? 'sqlite'))
if (kind === undefined) throw new Error(`--on is ${values.on}; it may be ${SOAK_KINDS.join(', ')}`)
const load = (): string => loadavg()[0]?.toFixed(1) ?? ''

console.log(`${kind}, ${cpus().length} processors, load ${load()} before`)
const report = await runSoak(values.short === true ? shortSoak(kind) : fullSoak(kind))
console.log(soakText(report))
console.log(`load ${load()} after`)
const kills = report.disturbances.filter((disturbance) => disturbance.kind !== 'stopped')
const isHard = kills.every(({ inFlight }) => inFlight >= 50) && (report.refused > 0 || values.short === true)
if (!isHard)
  console.log('the soak was too easy: at least 50 attempts must be in flight at each kill, and late results be refused')
process.exitCode = report.problems.length === 0 && isHard ? 0 : 1
