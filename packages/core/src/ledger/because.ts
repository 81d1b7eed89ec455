import type { Execution, ExecutionReason, WaitingFor } from '../store/execution.ts'
import type { JobState, PauseWindow } from '../store/job-state.ts'
import type { Span, SpanReason } from '../store/span.ts'

/** An instant for people: seconds unless there is more to say, always UTC. */
export function instantText(instant: number): string {
  return new Date(instant)
    .toISOString()
    .replace('T', ' ')
    .replace(/(\.000)?Z$/, ' UTC')
}

/** Why an execution is as it is, in sentences. `replacement`: the end of the chain of those that ran instead. */
export function becauseOfExecution(execution: Execution, replacement: Execution | undefined): string {
  const { missed } = execution
  const sentences = [statusText(execution)]
  if (missed !== null) {
    const { count, from, to } = missed
    sentences.push(`It stands for ${count} missed ticks from ${instantText(from)} to ${instantText(to)}.`)
  }
  if (replacement !== undefined) {
    sentences.push(`It was run again by hand as execution ${replacement.id}, which is ${replacement.status}.`)
  }
  return sentences.join(' ')
}

function statusText(execution: Execution): string {
  const { status, startedAt, finishedAt, instance, attempt, error } = execution
  const ran = `It started at ${when(startedAt)} on ${instance ?? 'an unknown instance'}`
  const tries = attempt > 1 ? ` with attempt ${attempt}` : ''
  const ended = `at ${when(finishedAt)}${tries}`
  switch (status) {
    case 'scheduled':
      return waitingText(execution)
    case 'running':
      return `${ran}${tries} and has not ended yet.${cancelText(execution)}${abandonedText(execution)}`
    case 'succeeded':
      return `${ran} and succeeded ${ended}.${cancelText(execution)}`
    case 'failed':
      return `It failed ${ended}${reasonText(execution)}${error === null ? '' : `: ${error.name}: ${error.message}`}.`
    case 'timed_out':
      return `It ran longer than the job's timeout and was given up ${ended}${reasonText(execution)}.`
    case 'cancelled':
      return `It ended as cancelled ${ended}${reasonText(execution)}.${cancelText(execution)}`
    case 'skipped':
      return `It was skipped ${ended}${reasonText(execution)}.`
  }
}

const WAITING: Readonly<Record<WaitingFor, (execution: Execution) => string>> = {
  time: ({ dueAt }) => `It is planned and starts at ${instantText(dueAt)}.`,
  slot: ({ dueAt, queue }) => `It has been due since ${instantText(dueAt)} and waits for a slot in queue "${queue}".`,
  overlap: ({ dueAt }) =>
    `It has been due since ${instantText(dueAt)} and waits for another execution of the job to end.`,
  retry: ({ attempt, dueAt }) => `Attempt ${attempt} did not succeed; the next one is due at ${instantText(dueAt)}.`,
  pause: ({ dueAt }) => `It has been due since ${instantText(dueAt)}; its job or queue is paused.`,
  handler: ({ dueAt }) => `It has been due since ${instantText(dueAt)}; no live instance has a handler for the job.`,
}

function waitingText(execution: Execution): string {
  const { waitingFor, dueAt } = execution
  return waitingFor === null ? `It is about to start, due at ${instantText(dueAt)}.` : WAITING[waitingFor](execution)
}

const REASONS: Readonly<Record<ExecutionReason, string>> = {
  crashed: ', because its process died too often',
  interrupted: ', because its process died and the job may not run twice',
  expired: ', because it had waited for longer than startWithin',
  open: ', because another execution of the job was open',
  'superseded-by-tick': ', because the next tick fell due before its retry',
  'non-retryable': ' without a retry, because the handler said that one is pointless',
  exhausted: ' after all retries',
  abandoned: ', because its handler never came back',
  unstorable: ', because the store refused what its attempt left behind',
}

function reasonText({ reason }: Execution): string {
  return reason === null ? '' : REASONS[reason]
}

function cancelText({ cancelRequestedAt, cancelRequestedBy }: Execution): string {
  if (cancelRequestedAt === null) return ''
  return ` ${cancelRequestedBy ?? 'Someone'} asked to cancel it at ${instantText(cancelRequestedAt)}.`
}

function abandonedText({ abandonedAt }: Execution): string {
  return abandonedAt === null ? '' : ` Its handler has ignored its signal since before ${instantText(abandonedAt)}.`
}

const SPANS: Readonly<Record<SpanReason, string>> = {
  paused: 'The job or its queue was paused at this time, and ticks of a pause are not caught up',
  misfire: 'Nobody could start it on time, and the misfire policy of the job lets such ticks go',
  coalesced: 'Nobody could start it on time; a later tick ran once for all that were missed',
  overlap: 'Another execution of the job was open or waiting when it fell due',
  expired: 'It had waited for longer than startWithin',
  'no-handler': 'No live instance had a handler for the job',
  unavailable: 'The store or the lock server was not available when it fell due',
  elsewhere: 'Another instance claimed it, or a later tick of the job, at the lock server, and knows what became of it',
  succeeded: 'It ran and succeeded; the job keeps no row of it',
  failed: 'It ran and failed; the job keeps no row of it',
  timed_out: 'It ran longer than its timeout; the job keeps no row of it',
  cancelled: 'It was cancelled; the job keeps no row of it',
}

/** Why a tick of a span has no execution. */
export function becauseOfSpan(span: Span, tick: number, pauses: readonly PauseWindow[]): string {
  const pause = span.reason === 'paused' ? pauseAt(pauses, tick) : undefined
  const group =
    span.count > 1
      ? ` It is one of ${span.count} such ticks from ${instantText(span.from)} to ${instantText(span.to)}.`
      : ''
  return `${SPANS[span.reason]}.${pause === undefined ? '' : ` ${pauseText(pause)}`}${group}`
}

/** Why a tick that nobody has planned yet has no verdict, or will have one. */
export function becauseOfForecast(
  state: JobState,
  tick: number,
  verdict: 'planned' | 'pending' | 'no-handler',
): string {
  const pause = pauseAt(state.pauses, tick)
  const paused = pause === undefined ? '' : ` ${pauseText(pause)}`
  const absent =
    state.absentSince === null
      ? 'No live instance has a handler for the job.'
      : `No live instance has had a handler for the job since ${instantText(state.absentSince)}.`
  switch (verdict) {
    case 'planned':
      return `It is still to come.${state.absentSince === null ? '' : ` ${absent}`}${paused}`
    case 'pending':
      return `It fell due at ${instantText(tick)} and is about to be judged; the job is planned until ${instantText(state.plannedUntil)}.${paused}`
    case 'no-handler':
      return `${absent} When one returns, the misfire policy of the job decides.${paused}`
  }
}

function pauseAt(pauses: readonly PauseWindow[], tick: number): PauseWindow | undefined {
  return pauses.find(({ from, until }) => tick >= from && (until === null || tick < until))
}

function pauseText({ from, until, by, note }: PauseWindow): string {
  const who = by === null ? '' : ` by ${by}`
  const why = note === null ? '' : ` (${note})`
  const end = until === null ? 'until someone resumes it' : `until ${instantText(until)}`
  return `The job is paused${who} from ${instantText(from)} ${end}${why}.`
}

function when(instant: number | null): string {
  return instant === null ? 'an unknown time' : instantText(instant)
}
