import { describe, expect, it } from 'vitest'
import { explain, type Explanation } from '../../src/forecast/explain.ts'
import { defineJob, type JobOptions } from '../../src/job/define-job.ts'
import { cron, every } from '../../src/trigger/trigger.ts'

const HOUR = 3_600_000
const from = Date.parse('2027-01-01T00:30:00Z')
const none = { count: 0, first: null, last: null }

function explained(options: Partial<JobOptions<undefined, unknown>>, hours = 4): Explanation {
  const job = defineJob({ name: 'report', trigger: cron('0 * * * *'), run: () => {}, ...options })
  return explain({ jobs: [job], downtime: { from, to: from + hours * HOUR } })[0] as Explanation
}
const at = (hour: number): number => Date.parse('2027-01-01') + hour * HOUR

describe('explaining a downtime', () => {
  it('rule 11: misfire once runs the latest tick for all, skip none, all the latest', () => {
    expect(explained({})).toEqual({
      job: 'report',
      run: { count: 1, first: at(4), last: at(4) },
      coalesced: { count: 3, first: at(1), last: at(3) },
      skipped: none,
      because: "Misfire 'once' runs the latest of 4 missed.",
    })
    expect(explained({ misfire: 'skip' })).toMatchObject({
      run: none,
      skipped: { count: 4, first: at(1), last: at(4) },
    })
    expect(explained({ misfire: { policy: 'all', max: 3 } })).toMatchObject({
      run: { count: 3, first: at(2), last: at(4) },
      skipped: { count: 1, first: at(1), last: at(1) },
    })
  })

  it('rule 11: ticks that are too old are not caught up', () => {
    expect(explained({ misfire: { within: '2h' } })).toMatchObject({
      run: { count: 1, first: at(4) },
      coalesced: { count: 1, first: at(3) },
      skipped: { count: 2, first: at(1), last: at(2) },
    })
  })

  it('rule 11: a tick due as the cluster returns is punctual, and gives way to one that catches up unless they may overlap', () => {
    const options = { trigger: every('1h', { anchor: from }) }
    expect(explained(options, 0)).toMatchObject({ run: { count: 1, first: from } })
    expect(explained(options, 1)).toMatchObject({
      run: { count: 1, first: from },
      skipped: { count: 1, first: from + HOUR },
    })
    expect(explained({ ...options, overlap: 'allow' }, 1)).toMatchObject({ run: { count: 2, last: from + HOUR } })
  })

  it('counts the ticks of a long outage, and says when there is none', () => {
    const year = explained({ trigger: cron('* * * * *') }, 8_760)
    expect(year.run.count + year.coalesced.count + year.skipped.count).toBe(525_601)
    expect(explained({ trigger: cron('0 0 1 7 *') })).toMatchObject({
      run: none,
      because: 'No tick falls into the downtime.',
    })
  })

  it('refuses an empty downtime, and one of more than a million ticks', () => {
    expect(() => explained({}, -1)).toThrow(/later instant/)
    expect(() => explained({ trigger: every('1s') }, 24 * 30)).toThrow(/1000000 ticks/)
  })
})
