import type { Emitter } from '@escapement/base'
import type { Attempt } from '../run/attempt.ts'
import type { SchedulerEvents } from '../context/scheduler-events.ts'
import type { Settlement, SettleResult } from '../store/settle-store.ts'

/** Tells listeners what the store made of the end of an attempt. */
export function announceSettlement(
  events: Emitter<SchedulerEvents>,
  attempt: Attempt,
  settlement: Settlement,
  result: SettleResult,
): void {
  const fields = attempt.eventFields()
  if (result.result === 'stale') {
    events.emit('execution:lost', { ...fields, wasResultRefused: true })
    return
  }
  if (result.result === 'repeated') return
  const { reason, error } = settlement
  const ended = { ...fields, durationMs: settlement.finishedAt - settlement.startedAt, reason }
  switch (result.status) {
    case 'succeeded':
      return events.emit('execution:succeeded', { ...ended, output: settlement.output })
    case 'failed':
      return events.emit('execution:failed', { ...ended, error })
    case 'timed_out':
      return events.emit('execution:timed-out', { ...ended, error })
    case 'cancelled':
      return events.emit('execution:cancelled', ended)
    case 'scheduled':
      if (settlement.outcome === 'interrupted') return events.emit('execution:returned', fields)
      return events.emit('execution:retrying', { ...ended, error, dueAt: settlement.dueAt ?? settlement.finishedAt })
    case 'running': // abandoned: the end is still to come
    case 'skipped':
    case null:
      return
  }
}
