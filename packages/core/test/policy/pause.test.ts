import { describe, expect, it } from 'vitest'
import { forgetEnded, isPausedNow, pause, resume } from '../../src/policy/pause.ts'

const window = (from: number, until: number | null, note: string | null = null) => ({ from, until, by: 'user:1', note })
const request = { now: 100, until: null, by: 'user:1', note: null }

describe('pausing', () => {
  it('rule 13: begins now and is open until somebody resumes', () => {
    expect(pause([], request)).toEqual([window(100, null)])
  })

  it('rule 13: keeps earlier pauses, whose ticks may still be without a verdict', () => {
    expect(pause([window(10, 20)], request)).toEqual([window(10, 20), window(100, null)])
  })

  it.each([
    [null, 500],
    [300, null],
    [300, 200],
  ])('rule 13: a pause until %s that is paused until %s goes on under the new end and note', (earlier, later) => {
    const again = { ...request, until: later, by: 'user:2', note: 'b' }
    expect(pause([window(10, 20), window(50, earlier, 'a')], again)).toEqual([
      window(10, 20),
      { from: 50, until: later, by: 'user:2', note: 'b' },
    ])
  })

  it('rule 13: a pause that ends in this very millisecond is over, another follows it', () => {
    expect(pause([window(50, 100)], request)).toEqual([window(50, 100), window(100, null)])
  })

  it('a window that lies ahead because the clock stepped back is taken up', () => {
    expect(pause([window(150, null)], request)).toEqual([window(100, null)])
  })

  it.each([100, 99])('refuses an end at %d when it is 100', (until) => {
    expect(() => pause([], { ...request, until })).toThrow(
      'pause until 1970-01-01T00:00:00.' +
        `${until}`.padStart(3, '0') +
        'Z has ended: it is 1970-01-01T00:00:00.100Z now',
    )
  })
})

describe('resuming', () => {
  it('rule 13: closes the open window and leaves earlier ones', () => {
    expect(resume([window(10, 20), window(50, null)], 100)).toEqual([window(10, 20), window(50, 100)])
    expect(resume([window(50, 300)], 100)).toEqual([window(50, 100)])
  })

  it('rule 13: drops a window that no tick can have met', () => {
    expect(resume([window(10, 20), window(100, null)], 100)).toEqual([window(10, 20)])
    expect(resume([window(150, 300)], 100)).toEqual([])
  })

  it('rule 13: changes nothing when nothing is paused', () => {
    expect(resume([window(10, 100)], 100)).toEqual([window(10, 100)])
    expect(resume([], 100)).toEqual([])
  })
})

it('rule 13: a window of a queue is forgotten once it ended more than a week ago', () => {
  const week = 7 * 86_400_000
  const pauses = [window(10, 99), window(20, 100), window(30, null)]
  expect(forgetEnded(pauses, 100 + week)).toEqual(pauses.slice(1))
  expect(forgetEnded(pauses, 99 + week)).toEqual(pauses)
})

it('rule 13: a window begins with its first instant and ends before its last', () => {
  const pauses = [window(50, 100)]
  expect([49, 50, 99, 100].map((now) => isPausedNow(pauses, now))).toEqual([false, true, true, false])
  expect(isPausedNow([window(50, null)], 1e15)).toBe(true)
  expect(isPausedNow(resume(pause([], request), 101), 101)).toBe(false)
})
