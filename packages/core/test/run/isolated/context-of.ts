import type { IsolatedContext } from '../../../src/run/isolated-message.ts'

/** What a guest is told, with a lease of a minute. */
export function contextOf(input: unknown, more: Partial<IsolatedContext> = {}): IsolatedContext {
  return {
    input: JSON.stringify(input) ?? null,
    job: 'reports.build',
    executionId: 'e-1',
    attempt: 2,
    scheduledFor: 1_700_000_000_000,
    missed: { count: 3, from: 1_699_999_980_000, to: 1_700_000_000_000 },
    fence: '9007199254740993',
    fenceKey: 'job:reports.build',
    remainingMs: 60_000,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    principal: 'system:job/reports.build',
    ...more,
  }
}
