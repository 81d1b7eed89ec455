/** One simulation in a process of its own: `simulated-case.ts <days> <faults>`; its result goes to the parent. */
import { simulate } from './simulation.ts'

const [days, faults] = process.argv.slice(2).map(Number) as [number, number]
const result = await simulate({ days, daily: 950, hourly: 50, seed: 7, faults, retentionDays: 30 })
const { user, system } = process.cpuUsage()
process.send?.({ ...result, cpuMs: (user + system) / 1_000 })
process.disconnect()
