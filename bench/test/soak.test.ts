import { expect, test } from 'vitest'
import { runSoak } from '../soak/soak-run.ts'
import { soakText } from '../soak/soak-text.ts'

test('promises 1, 3 and 4: five processes on one SQLite file lose no tick and double none while they are killed and stopped', async () => {
  const report = await runSoak({ seconds: 15, jobs: 50, leaseMs: 6_000 })
  console.log(soakText(report))
  expect(report.problems).toEqual([])
  expect(report.ticks).toBe(750)
  expect(report.disturbances.map(({ kind, point }) => point ?? kind).toSorted()).toEqual([
    'claimed-not-started',
    'done-not-settled',
    'due-not-planned',
    'killed',
    'planned-not-claimed',
    'stopped',
  ])
  const kills = report.disturbances.filter(({ kind }) => kind !== 'stopped')
  for (const { inFlight } of kills) expect(inFlight).toBeGreaterThanOrEqual(50)
  expect(report.refused).toBeGreaterThan(0)
}, 120_000)
