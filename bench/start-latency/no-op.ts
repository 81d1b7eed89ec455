import { type AnyJob, defineJob } from '@escapement/core'

/** A job that does nothing but tell that it began. */
export function noOp(onStart: (input: unknown) => null): AnyJob {
  return defineJob({ name: 'bench.no-op', overlap: 'allow', run: ({ input }) => onStart(input) })
}
