import type { QueueDemand } from '@escapement/core'
import { parsePauses } from '../../job/pause-text.ts'
import type { Candidate, Eligibility } from './eligibility.ts'
import { type JudgingScope, pauseInForce } from './judging.ts'

/** Index entries that a pass looks at in the order of a queue; beyond, it goes on lane by lane. */
const MOST_SCANNED = 1_000
/** Lanes (job and concurrency key) that a pass looks at; the next pass goes on behind them. */
const MOST_LANES = 500
/** Rows of one lane that a pass looks at. */
const LANE_DEPTH = 20
/** Sorts behind every concurrency key: the largest code point, in UTF-8 larger than all that begin otherwise. */
const AFTER_ALL_KEYS = '\u{10FFFF}\u{10FFFF}'

/** Where the look at lanes goes on, by namespace. */
export type LanePlaces = Map<string, { readonly job: string; readonly key: string }>

/** What was chosen. */
export interface Selection {
  /** Row numbers that start at once. */
  readonly starts: number[]
  /** Row numbers that are taken ahead. */
  readonly ahead: number[]
  /** Whether anything that could start was left for want of demand. */
  hasMore: boolean
}

/** How much of one queue a pass can still take. */
class Room {
  readonly #selection: Selection
  readonly #eligibility: Eligibility
  #slots: number
  #prefetch: number
  #limit: number

  constructor(selection: Selection, eligibility: Eligibility, demand: QueueDemand, limit: number) {
    this.#selection = selection
    this.#eligibility = eligibility
    this.#slots = demand.slots
    this.#prefetch = demand.prefetch
    this.#limit = limit
  }

  get isClosed(): boolean {
    return this.#limit <= 0
  }

  /** Takes the row if it can start; `full`: it could, but there is no demand, and nothing behind it may go first. */
  offer(row: Candidate): 'taken' | 'held-back' | 'full' {
    if (!this.#eligibility.canStart(row)) return 'held-back'
    if (this.#slots === 0 && (this.#prefetch === 0 || this.#eligibility.isSlotOnly(row))) {
      this.#selection.hasMore = true
      return 'full'
    }
    if (this.#slots > 0) {
      this.#slots--
      this.#selection.starts.push(row.seq)
    } else {
      this.#prefetch--
      this.#selection.ahead.push(row.seq)
    }
    this.#limit--
    this.#eligibility.took(row)
    return 'taken'
  }
}

/**
 * Chooses due rows of all queues by priority, then age. A queue is read in its order first; where too many rows are held
 * back, by pause, overlap, key or want of a handler, the pass looks at lanes instead, each of which is one seek however
 * many rows wait in it. So nothing that can start is hidden behind what cannot.
 */
export function selectDue(
  scope: JudgingScope,
  eligibility: Eligibility,
  demands: readonly QueueDemand[],
  places: LanePlaces,
): Selection {
  const selection: Selection = { starts: [], ahead: [], hasMore: false }
  const crowded = new Map<string, Room>()
  for (const demand of demands) {
    const room = roomOf(scope, eligibility, selection, demand)
    if (room !== null && scanQueue(scope, room, demand.queue) === 'crowded') crowded.set(demand.queue, room)
  }
  if (crowded.size > 0)
    scanLanes(scope, eligibility, crowded, new Set([...selection.starts, ...selection.ahead]), places)
  return selection
}

function roomOf(scope: JudgingScope, eligibility: Eligibility, selection: Selection, demand: QueueDemand): Room | null {
  const { session, sql, namespace, now } = scope
  const queue = session.get<{ cluster_limit: number | null; pauses: string }>(sql.queue, [namespace, demand.queue])
  const pause = queue === undefined ? null : pauseInForce(parsePauses(queue.pauses), now)
  if (pause !== null) {
    eligibility.notePause(pause)
    return null
  }
  const limit = queue?.cluster_limit ?? null
  if (limit === null) return new Room(selection, eligibility, demand, Number.POSITIVE_INFINITY)
  const held = session.get<{ n: number }>(sql.heldInQueue, [demand.queue, namespace, now])?.n ?? 0
  return limit > held ? new Room(selection, eligibility, demand, limit - held) : null
}

/** Reads one queue in its order. `crowded`: the scan ended before the demand was met. */
function scanQueue({ session, sql, namespace, now }: JudgingScope, room: Room, queue: string): 'done' | 'crowded' {
  let scanned = 0
  let priority = Number.MAX_SAFE_INTEGER
  for (;;) {
    const next = session.get<{ priority: number }>(sql.nextPriority, [namespace, queue, priority])
    if (next === undefined) return 'done'
    priority = next.priority
    for (const row of session.each<Candidate>(sql.due, [namespace, queue, priority, now])) {
      if (room.offer(row) === 'full' || room.isClosed) return 'done'
      if (++scanned >= MOST_SCANNED) return 'crowded'
    }
  }
}

/** Looks at the lanes behind where the last look ended, once around at most. */
function scanLanes(
  scope: JudgingScope,
  eligibility: Eligibility,
  rooms: ReadonlyMap<string, Room>,
  taken: ReadonlySet<number>,
  places: LanePlaces,
): void {
  const { session, sql, namespace, handlers, now } = scope
  const start = places.get(namespace) ?? { job: '', key: '' }
  let place = start
  let hasWrapped = false
  const found: (Candidate & { readonly queue: string })[] = []
  for (let lanes = 0; lanes < MOST_LANES; lanes++) {
    const lane = session.get<{ job: string; concurrency_key: string }>(sql.nextLane, [namespace, place.job, place.key])
    if (lane === undefined || (hasWrapped && isBehind(lane, start))) {
      if (lane !== undefined || hasWrapped) break
      hasWrapped = true
      place = { job: '', key: '' }
      continue
    }
    place = { job: lane.job, key: handlers.has(lane.job) ? lane.concurrency_key : AFTER_ALL_KEYS }
    if (!handlers.has(lane.job)) continue
    const ticks = eligibility.isJobPaused(lane.job) ? 0 : 1
    const rows = session.all<Candidate & { readonly queue: string }>(sql.lane, [
      namespace,
      lane.job,
      lane.concurrency_key,
      now,
      ticks,
      LANE_DEPTH,
    ])
    found.push(...rows.filter(({ seq }) => !taken.has(seq)))
  }
  places.set(namespace, place)
  const full = new Set<string>()
  for (const row of found.toSorted((a, b) => b.priority - a.priority || a.due_at - b.due_at || a.seq - b.seq)) {
    const room = rooms.get(row.queue)
    if (room === undefined || full.has(row.queue)) continue
    if (room.offer(row) === 'full' || room.isClosed) full.add(row.queue)
  }
}

function isBehind(lane: { job: string; concurrency_key: string }, start: { job: string; key: string }): boolean {
  return lane.job > start.job || (lane.job === start.job && lane.concurrency_key > start.key)
}
