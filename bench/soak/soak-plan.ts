import { KILL_POINTS, type KillPoint } from './kill-point-store.ts'
import type { SoakKind } from './soak-address.ts'

/** What happens to the server; the last two go on for some seconds. */
export type DatabaseMove =
  | { readonly at: number; readonly what: 'restart' | 'crash' }
  | { readonly at: number; readonly what: 'freeze' | 'end-sessions'; readonly seconds: number }

/** What happens to a process: SIGKILL, SIGSTOP for longer than its lease, or its own death at a named point. */
export interface ProcessMove {
  readonly at: number
  readonly what: 'kill' | 'stop' | KillPoint
}

/** How long and how hard. */
export interface SoakPlan {
  readonly kind: SoakKind
  readonly seconds: number
  readonly jobs: number
  readonly leaseMs: number
  /** In order; `at` counts seconds from the first tick. */
  readonly processMoves: readonly ProcessMove[]
  readonly databaseMoves: readonly DatabaseMove[]
}

const EVEN = { jobs: 50, leaseMs: 6_000 } as const

/** A minute for the processes, and on a server two more for the server. */
export function fullSoak(kind: SoakKind): SoakPlan {
  if (kind === 'sqlite') {
    return { ...EVEN, kind, seconds: 60, processMoves: processMoves(15, 18, 8), databaseMoves: [] }
  }
  return {
    ...EVEN,
    kind,
    seconds: 165,
    processMoves: processMoves(8, 11, 6),
    databaseMoves: [
      { at: 46, what: 'restart' },
      { at: 61, what: 'crash' },
      { at: 76, what: 'freeze', seconds: 20 },
      { at: 121, what: 'end-sessions', seconds: 30 },
    ],
  }
}

/** For every change: some 20 seconds. */
export function shortSoak(kind: SoakKind): SoakPlan {
  if (kind === 'sqlite') {
    return { ...EVEN, kind, seconds: 15, processMoves: processMoves(4, 5, 2), databaseMoves: [] }
  }
  return {
    ...EVEN,
    kind,
    seconds: 20,
    processMoves: [{ at: 3, what: 'kill' }],
    databaseMoves: [
      { at: 6, what: 'restart' },
      { at: 12, what: 'end-sessions', seconds: 3 },
    ],
  }
}

/** One is killed, one stopped, and from then on one dies at each named point. */
function processMoves(killAt: number, stopAt: number, apart: number): readonly ProcessMove[] {
  return [
    { at: killAt, what: 'kill' },
    { at: stopAt, what: 'stop' },
    ...KILL_POINTS.map((what, index) => ({ at: stopAt + index * apart, what })),
  ]
}
