import type { QueueDemand } from '@escapement/core'
import { integerOf } from '@escapement/db'
import { type Candidate, goesBefore } from '../../claiming/candidate.ts'
import { type ClaimableRow, claimableRowOf, candidateOf } from './claimable-row.ts'
import type { ClaimFacts, ClaimScope } from './claim-facts.ts'
import { MOST_SCANNED } from './claim-sql.ts'
import type { Eligibility } from './eligibility.ts'
import type { Lanes } from './lanes.ts'
import type { Level } from './look.ts'
import { Room, type Selection } from '../../claiming/room.ts'

/** What a pass selects from beside the rows that wait. */
export interface SelectionInput {
  readonly demands: readonly QueueDemand[]
  /** Priorities at which something was due, the highest of each queue first. */
  readonly levels: readonly Level[]
  /** Ticks that this pass has judged; the indexes do not have them yet. */
  readonly fresh: readonly ClaimableRow[]
  /** Ticks that are not due yet; they take what is left of the demand. */
  readonly coming: readonly ClaimableRow[]
  /** Rows that this pass ends. */
  readonly ended: ReadonlySet<number>
}

/** Chooses due rows of all queues by priority, then age. */
export class Selecting {
  readonly #scope: ClaimScope
  readonly #facts: ClaimFacts
  readonly #eligibility: Eligibility
  readonly #lanes: Lanes
  readonly #selection: Selection<ClaimableRow> = { starts: [], ahead: [], hasMore: false }

  constructor(scope: ClaimScope, facts: ClaimFacts, eligibility: Eligibility, lanes: Lanes) {
    this.#scope = scope
    this.#lanes = lanes
    this.#facts = facts
    this.#eligibility = eligibility
  }

  async select({ demands, levels, fresh, coming, ended }: SelectionInput): Promise<Selection<ClaimableRow>> {
    await this.#facts.prepare([...fresh, ...coming])
    const limits = await this.#roomsOf(demands)
    for (const demand of demands) {
      const limit = limits.get(demand.queue)
      if (limit === undefined) continue
      const room = new Room(this.#selection, this.#eligibility, demand, limit)
      const ofQueue = levels.filter(({ queue }) => queue === demand.queue)
      const ticks = fresh.filter(({ queue }) => queue === demand.queue)
      const isFull = await this.#fill(room, ofQueue, ticks, ended)
      if (!isFull) for (const row of coming) if (row.queue === demand.queue) room.reserve(row)
    }
    return this.#selection
  }

  /** How much each queue still has room for under its limit; none: it is paused, locked or full. */
  async #roomsOf(demands: readonly QueueDemand[]): Promise<ReadonlyMap<string, number>> {
    const { session, sql, namespace, now } = this.#scope
    const rooms = new Map<string, number>()
    const limits = new Map<string, number>()
    for (const { queue: name } of demands) {
      const queue = this.#facts.knownQueue(name)
      if (queue === null) continue
      if (queue.pause !== null) this.#eligibility.notePause(queue.pause)
      else if (queue.clusterLimit === null) rooms.set(name, Number.POSITIVE_INFINITY)
      else if (queue.isCounted) limits.set(name, queue.clusterLimit)
      else this.#facts.isIncomplete = true // it got its limit just now
    }
    if (limits.size === 0) return rooms
    const queues = [...limits.keys()]
    const { rows } = await session.run<{ queue: string; n: unknown }>(sql.heldInQueues, { namespace, now, queues })
    const held = new Map(rows.map(({ queue, n }) => [queue, integerOf(n)]))
    for (const [name, limit] of limits) {
      const left = limit - (held.get(name) ?? 0)
      if (left > 0) rooms.set(name, left)
    }
    return rooms
  }

  /** Takes what may start of one queue. True: there is no demand left for anything else in it. */
  async #fill(
    room: Room<ClaimableRow>,
    levels: readonly Level[],
    fresh: readonly ClaimableRow[],
    ended: ReadonlySet<number>,
  ): Promise<boolean> {
    const locked: ClaimableRow[] = []
    const wanted = room.left
    for (const level of levels) {
      if (locked.length >= wanted) break
      locked.push(...(await this.#lockDue(level, wanted - locked.length)))
    }
    const waiting = locked.filter(({ seq }) => !ended.has(seq))
    await this.#facts.prepare(waiting)
    let isAnyHeldBack = false
    for (const row of [...fresh, ...waiting].toSorted(goesBefore)) {
      const result = room.offer(row)
      if (result === 'full') return true
      if (result === 'held-back') isAnyHeldBack = true
    }
    const isMoreBehind = levels.length > 0 && locked.length >= wanted
    if (room.left <= 0) {
      // As many were there as were asked for: there may be more.
      if (isMoreBehind && !room.isClosed) this.#selection.hasMore = true
      return true
    }
    if (!isAnyHeldBack && levels.length > 0) this.#facts.isIncomplete = true // others hold the rest, for now
    if (!isMoreBehind) return false
    return await this.#fillBehind(room, levels, new Set([...ended, ...[...fresh, ...locked].map(({ seq }) => seq)]))
  }

  async #lockDue({ queue, priority, dueAt }: Level, wanted: number): Promise<readonly ClaimableRow[]> {
    const { session, sql, namespace, now } = this.#scope
    const parameters = { namespace, queue, priority, since: dueAt, now }
    return (await session.run(sql.lockDue(rounded(wanted)), parameters)).rows.map(claimableRowOf)
  }

  /** Looks behind rows that are held back: in the order of the queue, and locks only what can start. */
  async #fillBehind(room: Room<ClaimableRow>, levels: readonly Level[], seen: ReadonlySet<number>): Promise<boolean> {
    const { session, sql, namespace, now } = this.#scope
    for (const { queue, priority, dueAt } of levels) {
      const { rows } = await session.run(sql.scan, { namespace, queue, priority, since: dueAt, now })
      const candidates = rows.map(candidateOf).filter(({ seq }) => !seen.has(seq))
      await this.#facts.prepare(candidates)
      if (await this.#offerLocked(room, candidates)) return true
      if (rows.length >= MOST_SCANNED) return await this.#fillByLanes(room, queue, seen)
    }
    return room.left <= 0
  }

  /** Looks at the lanes of all jobs, each of which is one seek however many rows wait in it. */
  async #fillByLanes(room: Room<ClaimableRow>, queue: string, seen: ReadonlySet<number>): Promise<boolean> {
    const heads = (await this.#lanes.heads(this.#scope, this.#facts)).filter((row) => row.queue === queue)
    await this.#facts.prepare(heads)
    const exclusive = heads.filter((row) => row.is_exclusive === 1).map(({ job }) => job)
    const unseen = heads.filter(({ seq }) => !seen.has(seq))
    if (await this.#offerLocked(room, unseen, this.#retriesOf(exclusive))) return true
    const deep = heads.filter((row) => this.#eligibility.canStart(row))
    const behind = await this.#lanes.lock(this.#scope, this.#facts, deep, rounded(room.left))
    const fresh = behind.filter((row) => !seen.has(row.seq) && !this.#isTaken(row))
    await this.#facts.prepare(fresh)
    return fresh.toSorted(goesBefore).some((row) => room.offer(row) === 'full') || room.left <= 0
  }

  /** What is open of exclusive jobs and waits for another attempt: nothing else of them may start. */
  #retriesOf(jobs: readonly string[]): readonly number[] {
    const open = [...new Set(jobs)].flatMap((job) => this.#facts.open(job))
    return open.filter(({ status }) => status === 'scheduled').map(({ seq }) => seq)
  }

  #isTaken({ seq }: Candidate): boolean {
    return [...this.#selection.starts, ...this.#selection.ahead].some((row) => row.seq === seq)
  }

  /** Locks those that can start, and others by number. True: the room is full. */
  async #offerLocked(
    room: Room<ClaimableRow>,
    rows: readonly Candidate[],
    others: readonly number[] = [],
  ): Promise<boolean> {
    const { session, sql, now } = this.#scope
    const left = rows.filter((row) => !this.#isTaken(row))
    const able = left.filter((row) => this.#eligibility.canStart(row)).slice(0, room.left + 1)
    const seqs = [...new Set([...able.map(({ seq }) => seq), ...others])]
    if (seqs.length === 0) return false
    const locked = (await session.run(sql.lockWaiting, { seqs })).rows.map(claimableRowOf)
    if (locked.length < seqs.length) this.#facts.isIncomplete = true
    const due = locked.filter((row) => row.due_at <= now && !this.#isTaken(row)).toSorted(goesBefore)
    return due.some((row) => room.offer(row) === 'full') || room.left <= 0
  }
}

/** Each limit is a statement of its own, which servers keep: large ones are rounded up, an eighth at most. */
function rounded(limit: number): number {
  const step = limit <= 32 ? 1 : 2 ** (Math.floor(Math.log2(limit)) - 3)
  return Math.ceil(limit / step) * step
}
