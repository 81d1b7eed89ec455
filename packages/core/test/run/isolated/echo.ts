import { currentContext } from '@escapement/base'
import type { RunContext } from '../../../src/job/run-context.ts'

/** Answers with all that it was given. */
export default (context: RunContext): object => {
  const { input, job, executionId, attempt, scheduledFor, missed, fenceKey } = context
  context.assertHeld()
  context.log.info('echoing', { input })
  context.progress(40)
  const fields: Record<string, unknown> = {}
  fields['self'] = fields
  context.log.warn('fields that contain themselves', fields)
  const given = { input, job, executionId, attempt, scheduledFor, missed, fenceKey }
  return {
    ...given,
    fence: context.fence.toString(),
    isAborted: context.signal.aborted,
    remainingMs: context.remainingMs(),
    ambient: currentContext(),
  }
}
