import { describe, expect, it } from 'vitest'
import { forecast } from '../../src/forecast/forecast.ts'
import { defineJob } from '../../src/job/define-job.ts'
import { cron, every, type Trigger } from '../../src/trigger/trigger.ts'

const from = '2027-01-01'
const job = (name: string, trigger: Trigger) => defineJob({ name, trigger, run: () => {} })

describe('forecasting load', () => {
  it('counts the ticks of each minute of a day, and names the peak with its jobs', () => {
    const jobs = [job('hourly', cron('0 * * * *')), job('daily', cron('0 9 * * *')), job('often', every('20s'))]
    const { ticks, perMinute, peak } = forecast({ jobs, from })
    expect(perMinute).toHaveLength(1_440)
    expect(ticks).toBe(24 + 1 + 3 * 1_440)
    expect(perMinute[540]).toBe(5)
    expect(perMinute[541]).toBe(3)
    expect(peak).toEqual({
      from: Date.parse('2027-01-01T09:00:00Z'),
      ticks: 5,
      jobs: [
        { job: 'often', ticks: 3 },
        { job: 'hourly', ticks: 1 },
        { job: 'daily', ticks: 1 },
      ],
    })
  })

  it('leaves out the last instant, and has no peak without ticks', () => {
    expect(forecast({ jobs: [job('hourly', cron('0 * * * *'))], from, to: '2027-01-01T01:00:00Z' }).ticks).toBe(1)
    expect(forecast({ jobs: [], from })).toMatchObject({ ticks: 0, peak: null })
  })

  it('refuses a range that is too long, and more than a million ticks', () => {
    expect(() => forecast({ jobs: [], from, to: '2027-01-09' })).toThrow(/7 days/)
    expect(() => forecast({ jobs: [], from, to: from })).toThrow(/7 days/)
    const often = [1, 2].map((index) => job(`often-${index}`, every('100ms')))
    expect(() => forecast({ jobs: often, from })).toThrow(/1000000 ticks/)
  })
})
