import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { type AnyJob, defineJob, type Job } from '../../src/job/define-job.ts'
import { isolated } from '../../src/job/isolated.ts'

const input = z.object({
  dryRun: z.boolean().default(false),
  since: z
    .string()
    .transform((text) => new Date(text))
    .optional(),
})

describe('types of a job', () => {
  it('the handler is given what the schema returns, the caller what it accepts', () => {
    const job = defineJob({
      name: 'a',
      input,
      concurrency: { key: ({ dryRun }) => String(dryRun), limit: 1 },
      run: async (context) => {
        expectTypeOf(context.input).toEqualTypeOf<{ dryRun: boolean; since?: Date | undefined }>()
        expectTypeOf(context.fence).toEqualTypeOf<bigint>()
        return { expired: 3 }
      },
    })
    expectTypeOf(job).toEqualTypeOf<
      Job<{ dryRun?: boolean | undefined; since?: string | undefined }, { expired: number }>
    >()
  })

  it('without a schema the input is unknown; what the handler returns is inferred', () => {
    const job = defineJob({
      name: 'a',
      run: (context) => {
        expectTypeOf(context.input).toEqualTypeOf<unknown>()
        return 'done'
      },
    })
    expectTypeOf(job).toEqualTypeOf<Job<unknown, string>>()
    expectTypeOf(defineJob({ name: 'a', run: async () => {} })).toEqualTypeOf<Job<unknown, void>>()
  })

  it('a module in place of a function leaves the output unknown', () => {
    const job = defineJob({ name: 'a', input, run: isolated(new URL('./job.js', import.meta.url)) })
    expectTypeOf(job).toExtend<Job<{ dryRun?: boolean | undefined }>>()
  })

  it('jobs of all types stand in one list', () => {
    const jobs: AnyJob[] = [defineJob({ name: 'a', input, run: () => 1 }), defineJob({ name: 'b', run: () => 'x' })]
    expectTypeOf(jobs).toEqualTypeOf<AnyJob[]>()
  })

  it('wrong options are refused', () => {
    const wrong = [
      // @ts-expect-error no such policy
      () => defineJob({ name: 'a', overlap: 'never', run: () => 1 }),
      // @ts-expect-error not a duration
      () => defineJob({ name: 'a', timeout: '5 minutes', run: () => 1 }),
      // @ts-expect-error the input has no tenant
      () => defineJob({ name: 'a', input, concurrency: { key: ({ tenant }) => tenant, limit: 1 }, run: () => 1 }),
      // @ts-expect-error a name is needed
      () => defineJob({ run: () => 1 }),
    ]
    expectTypeOf(wrong).toBeArray()
  })
})
