import { describe, expect, test } from 'vitest'
import { shortSoak } from '../soak/soak-plan.ts'
import { runSoak, type SoakReport } from '../soak/soak-run.ts'
import { soakText } from '../soak/soak-text.ts'

const TEST_MS = 120_000

async function soak(kind: 'sqlite' | 'postgres' | 'mariadb'): Promise<SoakReport> {
  const report = await runSoak(shortSoak(kind))
  console.log(`${kind}: ${soakText(report)}`)
  const kills = report.disturbances.filter((disturbance) => disturbance.kind !== 'stopped')
  for (const { inFlight } of kills) expect(inFlight).toBeGreaterThanOrEqual(50)
  expect(report.problems).toEqual([])
  return report
}

test(
  'promises 1, 3 and 4: five processes on one SQLite file lose no tick and double none while they are killed and stopped',
  async () => {
    const { ticks, refused, disturbances } = await soak('sqlite')
    expect(ticks).toBe(750)
    expect(disturbances.map(({ kind, point }) => point ?? kind).toSorted()).toEqual([
      'claimed-not-started',
      'done-not-settled',
      'due-not-planned',
      'killed',
      'planned-not-claimed',
      'stopped',
    ])
    expect(refused).toBeGreaterThan(0)
  },
  TEST_MS,
)

describe.concurrent.each(['postgres', 'mariadb'] as const)('on %s', (kind) => {
  test(
    'promises 1, 3 and 4: five processes on a server lose no tick and double none while one is killed and the server restarts and ends sessions',
    async () => {
      const { ticks, disturbances, comebacks } = await soak(kind)
      expect(ticks).toBe(1_000)
      expect(disturbances.map((disturbance) => disturbance.kind)).toEqual(['killed'])
      expect(comebacks.map(({ what }) => what)).toEqual(['restart', 'end-sessions'])
    },
    TEST_MS,
  )
})
