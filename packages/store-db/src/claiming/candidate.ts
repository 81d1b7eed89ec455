/** A row that may start: everything that decides whether it can be taken. */
export interface Candidate {
  readonly seq: number
  readonly job: string
  readonly queue: string
  readonly priority: number
  readonly due_at: number
  readonly is_tick: number
  readonly is_exclusive: number
  readonly concurrency_key: string
  readonly concurrency_limit: number | null
  readonly was_interrupted: number
}

/** The order in which rows start: by priority, then age. */
export function goesBefore(
  a: Pick<Candidate, 'priority' | 'due_at' | 'seq'>,
  b: Pick<Candidate, 'priority' | 'due_at' | 'seq'>,
): number {
  return b.priority - a.priority || a.due_at - b.due_at || a.seq - b.seq
}

/** Names the concurrency key of a row together with its job. */
export function keyOf({ job, concurrency_key }: Pick<Candidate, 'job' | 'concurrency_key'>): string {
  return `${job} ${concurrency_key}`
}
