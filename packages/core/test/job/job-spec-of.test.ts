import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { canonicalJson } from '../../src/job/canonical-json.ts'
import { defineJob } from '../../src/job/define-job.ts'
import { jobSpecOf, specHash } from '../../src/job/job-spec-of.ts'
import type { JobSpec } from '../../src/job/job-spec.ts'
import type { StandardSchemaV1 } from '../../src/job/standard-schema.ts'
import { cron, every } from '../../src/trigger/trigger.ts'

const utc = { timezone: 'UTC' }
const run = (): void => undefined

/** A schema of another library: Standard Schema and nothing else. */
function schema(validate: StandardSchemaV1['~standard']['validate']): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor: 'other', validate } }
}

describe('the stored definition', () => {
  it('resolves triggers in the zone of the scheduler', () => {
    const job = defineJob({ name: 'a', trigger: cron('0 9 * * *'), run })
    expect(jobSpecOf(job, { timezone: 'Asia/Tokyo' }).triggers).toEqual([
      { kind: 'cron', pattern: '0 9 * * *', timezone: 'Asia/Tokyo' },
    ])
    expect(() => jobSpecOf(job, { timezone: 'Nowhere' })).toThrow('Job "a": time zone "Nowhere" is unknown')
  })

  it('says whether it is a job of Escapement itself', () => {
    const job = defineJob({ name: 'a', run })
    expect(jobSpecOf(job, utc).isSystem).toBe(false)
    expect(jobSpecOf(job, { ...utc, isSystem: true }).isSystem).toBe(true)
  })
})

describe('the input of ticks', () => {
  const specOf = (input: StandardSchemaV1 | undefined): JobSpec =>
    jobSpecOf(defineJob({ name: 'a', trigger: every('1m'), ...(input !== undefined && { input }), run }), utc)

  it('is nothing where the schema takes nothing, {} where it needs an object', () => {
    expect(specOf(undefined).tickInput).toBeNull()
    expect(specOf(z.string().optional()).tickInput).toBeNull()
    expect(specOf(z.object({ dryRun: z.boolean().default(false) })).tickInput).toBe('{}')
  })

  it('is no part of a job without triggers, whatever its schema', () => {
    const job = defineJob({
      name: 'a',
      input: z.object({ to: z.string() }),
      concurrency: { key: ({ to }) => to, limit: 1 },
      run,
    })
    expect(jobSpecOf(job, utc)).toMatchObject({ tickInput: null, tickConcurrencyKey: null, concurrencyLimit: 1 })
  })

  it('a schema that takes neither is refused', () => {
    expect(() => specOf(z.object({ to: z.string() }))).toThrow(
      'Job "a": input schema accepts neither nothing nor {}, which is all that ticks can give it (to: ',
    )
  })

  it('an asynchronous schema is refused for ticks, also one that fails', () => {
    expect(() => specOf(schema(async (value) => ({ value })))).toThrow('Job "a": input schema is asynchronous')
    expect(() => specOf(schema(() => Promise.reject(new Error('no'))))).toThrow('is asynchronous')
  })

  it('gives the concurrency key of ticks, with defaults filled in', () => {
    const input = z.object({ tenant: z.string().default('all') })
    const job = defineJob({
      name: 'a',
      trigger: every('1m'),
      input,
      concurrency: { key: ({ tenant }) => tenant, limit: 2 },
      run,
    })
    expect(jobSpecOf(job, utc)).toMatchObject({ tickConcurrencyKey: 'all', concurrencyLimit: 2 })
  })

  it.each([
    [() => '', 'concurrency key is 0 bytes long; it must be text of 1 to 255 bytes'],
    [() => 'ü'.repeat(128), 'concurrency key is 256 bytes long'],
    [() => 7 as never, 'concurrency key is of type number'],
  ])('refuses a concurrency key that is no short text: %#', (key, message) => {
    expect(() => defineJob({ name: 'a', trigger: every('1m'), concurrency: { key, limit: 1 }, run })).toThrow(
      `Job "a": ${message}`,
    )
  })
})

describe('the JSON Schema of the input', () => {
  const schemaOf = (input: StandardSchemaV1): object | null =>
    jobSpecOf(defineJob({ name: 'a', input, run }), utc).inputSchema

  it('is what a zod schema accepts', () => {
    expect(schemaOf(z.object({ dryRun: z.boolean().default(false) }))).toMatchObject({
      type: 'object',
      properties: { dryRun: { type: 'boolean', default: false } },
    })
  })

  it('is asked of zod 4 where the schema itself does not offer it', () => {
    const zod = z.string()
    const standard = { ...zod['~standard'], jsonSchema: undefined }
    const old = Object.create(zod, { '~standard': { value: standard } }) as StandardSchemaV1
    expect(schemaOf(old)).toMatchObject({ type: 'string' })
  })

  it('is null where it cannot be said', () => {
    expect(schemaOf(z.date())).toBeNull()
    expect(schemaOf(schema((value) => ({ value })))).toBeNull()
  })
})

describe('rule 6: the hash of a definition', () => {
  it('rule 6: is the same for the same definition and changes with every part of it', () => {
    const options = { name: 'a', trigger: every('1m'), run }
    const spec = jobSpecOf(defineJob(options), utc)
    expect(specHash(spec)).toMatch(/^[0-9a-f]{64}$/)
    expect(specHash(jobSpecOf(defineJob({ ...options, run: () => 1 }), utc))).toBe(specHash(spec))
    expect(specHash(JSON.parse(JSON.stringify(spec)) as JobSpec)).toBe(specHash(spec))
    const hashes = [
      spec,
      jobSpecOf(defineJob({ ...options, trigger: every('2m') }), utc),
      jobSpecOf(defineJob({ ...options, priority: 1 }), utc),
      jobSpecOf(defineJob({ ...options, misfire: { max: 99 } }), utc),
      jobSpecOf(defineJob({ ...options, redact: ['a'] }), utc),
    ].map(specHash)
    expect(new Set(hashes).size).toBe(5)
  })

  it('rule 6: does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value))
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('rule 6: leaves out members that are undefined, as JSON does', () => {
    expect(canonicalJson({ b: undefined, a: [undefined, 1] })).toBe('{"a":[null,1]}')
  })
})

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reversed(member)]),
  )
}
