import type { QueueDemand } from '@escapement/core'
import { type Candidate, goesBefore } from '../../claiming/candidate.ts'
import { Room, type Selection } from '../../claiming/room.ts'
import type { Eligibility } from './eligibility.ts'
import { type JudgingScope, pauseInForce } from './judging.ts'

/** Index entries that a pass looks at in the order of a queue; beyond, it goes on lane by lane. */
const MOST_SCANNED = 1_000
/** Rows that are read at once behind the first ones. */
const PORTION = 200
/** Lanes (job and concurrency key) that a pass looks at; the next pass goes on behind them. */
const MOST_LANES = 500
/** Rows of one lane that a pass looks at. */
const LANE_DEPTH = 20
/** Sorts behind every concurrency key: the largest code point, in UTF-8 larger than all that begin otherwise. */
const AFTER_ALL_KEYS = '\u{10FFFF}\u{10FFFF}'

/** Where the look at lanes goes on, by namespace. */
export type LanePlaces = Map<string, { readonly job: string; readonly key: string }>

/**
 * Chooses due rows of all queues by priority, then age. A queue is read in its order first; where too many rows are held
 * back, by pause, overlap, key or want of a handler, the pass looks at lanes instead, each of which is one seek however
 * many rows wait in it. So nothing that can start is hidden behind what cannot.
 *
 * @param fresh - Ticks that this pass has judged; the indexes do not have them yet.
 * @param coming - Ticks that are not due yet; they take what is left of the demand.
 */
export function selectDue(
  scope: JudgingScope,
  eligibility: Eligibility,
  demands: readonly QueueDemand[],
  places: LanePlaces,
  { fresh, coming }: { readonly fresh: readonly Candidate[]; readonly coming: readonly Candidate[] },
): Selection<Candidate> {
  const selection: Selection<Candidate> = { starts: [], ahead: [], hasMore: false }
  const crowded = new Map<string, Room<Candidate>>()
  const freshByQueue = Map.groupBy(fresh, ({ queue }) => queue)
  for (const demand of demands) {
    const { queue } = demand
    const room = roomOf(scope, eligibility, selection, demand)
    if (room === null) continue
    const order = inOrder(scope, demand, freshByQueue.get(queue) ?? [])
    if (scanQueue(room, order) === 'crowded') crowded.set(queue, room)
    else for (const row of coming) if (row.queue === queue) room.reserve(row)
  }
  if (crowded.size === 0) return selection
  const found = new Map<number, Candidate>()
  for (const row of [...fresh, ...lanesBehind(scope, eligibility, places)]) found.set(row.seq, row)
  for (const { seq } of [...selection.starts, ...selection.ahead]) found.delete(seq)
  offerAll([...found.values()], crowded)
  return selection
}

function roomOf(
  scope: JudgingScope,
  eligibility: Eligibility,
  selection: Selection<Candidate>,
  demand: QueueDemand,
): Room<Candidate> | null {
  const { session, sql, namespace, now } = scope
  const { clusterLimit: limit, pauses } = scope.jobs.queue(demand.queue)
  const pause = pauseInForce(pauses, now)
  if (pause !== null) {
    eligibility.notePause(pause)
    return null
  }
  if (limit === null) return new Room(selection, eligibility, demand, Number.POSITIVE_INFINITY)
  const held = session.get<{ n: number }>(sql.heldInQueue, [demand.queue, namespace, now])?.n ?? 0
  return limit > held ? new Room(selection, eligibility, demand, limit - held) : null
}

/** Due rows of one queue as they should start: those of the index, and among them those that are not in it yet. */
function* inOrder(
  scope: JudgingScope,
  demand: QueueDemand,
  fresh: readonly Candidate[],
): Generator<Candidate, void, undefined> {
  const waiting = fresh.toSorted(goesBefore)
  let next = 0
  for (const row of indexed(scope, demand)) {
    for (; next < waiting.length && goesBefore(waiting[next] as Candidate, row) < 0; next++) {
      yield waiting[next] as Candidate
    }
    yield row
  }
  yield* waiting.slice(next)
}

/** Due rows of one queue by priority, then age; read in portions, the first of which nearly always is enough. */
function* indexed(
  { session, sql, namespace, now }: JudgingScope,
  { queue, slots, prefetch }: QueueDemand,
): Generator<Candidate, void, undefined> {
  let priority = Number.MAX_SAFE_INTEGER
  let portion = slots + prefetch + 1
  for (;;) {
    const level = session.get<{ priority: number }>(sql.nextPriority, [namespace, queue, priority])
    if (level === undefined) return
    priority = level.priority
    let last: Pick<Candidate, 'due_at' | 'seq'> | undefined = { due_at: Number.MIN_SAFE_INTEGER, seq: 0 }
    while (last !== undefined) {
      const parameters = [namespace, queue, priority, now, last.due_at, last.seq, portion]
      const rows: Candidate[] = session.all<Candidate>(sql.due, parameters)
      yield* rows
      last = rows.length < portion ? undefined : rows.at(-1)
      portion = PORTION
    }
  }
}

/** Reads one queue in its order. `crowded`: the scan ended before the demand was met. */
function scanQueue(room: Room<Candidate>, order: Iterable<Candidate>): 'done' | 'crowded' {
  let scanned = 0
  for (const row of order) {
    if (room.offer(row) === 'full' || room.isClosed) return 'done'
    if (++scanned >= MOST_SCANNED) return 'crowded'
  }
  return 'done'
}

/** The first rows of the lanes behind where the last look ended, once around at most. */
function lanesBehind(scope: JudgingScope, eligibility: Eligibility, places: LanePlaces): readonly Candidate[] {
  const { session, sql, namespace, handlers, now } = scope
  const start = places.get(namespace) ?? { job: '', key: '' }
  let place = start
  let hasWrapped = false
  const found: Candidate[] = []
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
    const parameters = [namespace, lane.job, lane.concurrency_key, now, ticks, LANE_DEPTH]
    const rows = session.all<Candidate>(sql.lane, parameters)
    found.push(...rows)
    if (rows.every(({ is_exclusive }) => is_exclusive === 0)) continue
    found.push(...session.all<Candidate>(sql.openAndWaiting, [namespace, lane.job, lane.job, now, ticks]))
  }
  places.set(namespace, place)
  return found
}

/** Offers rows in their order, each to its queue. */
function offerAll(rows: readonly Candidate[], rooms: ReadonlyMap<string, Room<Candidate>>): void {
  const full = new Set<string>()
  for (const row of rows.toSorted(goesBefore)) {
    const room = rooms.get(row.queue)
    if (room === undefined || full.has(row.queue)) continue
    if (room.offer(row) === 'full' || room.isClosed) full.add(row.queue)
  }
}

function isBehind(lane: { job: string; concurrency_key: string }, start: { job: string; key: string }): boolean {
  return lane.job > start.job || (lane.job === start.job && lane.concurrency_key > start.key)
}
