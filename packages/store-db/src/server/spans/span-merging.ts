import type { Span } from '@escapement/core'

/** A span of a job that is stored, is to be added, or both. */
export interface Piece {
  readonly span: Span
  readonly isStored: boolean
  readonly isChanged: boolean
}

/** What is to be written so that the spans of a job are as they should be. */
export interface SpanChanges {
  readonly removed: readonly Span[]
  readonly extended: readonly Span[]
  readonly inserted: readonly Span[]
}

/** The spans of one job by their begin. Two of one verdict that begin at one tick are one: a backfill had emptied the first there. */
export function piecesOf(stored: readonly Span[], added: readonly Span[]): readonly Piece[] {
  const pieces = new Map<string, Piece>()
  for (const span of stored) pieces.set(keyOf(span), { span, isStored: true, isChanged: false })
  for (const span of added) {
    const same = pieces.get(keyOf(span))
    const isStored = same?.isStored ?? false
    const sum = same === undefined ? span : joined(same.span, span)
    pieces.set(keyOf(span), { span: sum, isStored, isChanged: true })
  }
  return [...pieces.values()].toSorted((a, b) => a.span.from - b.span.from)
}

/** Where pieces may be joined: the places of those that have the same verdict as the piece behind them. */
export function jointsOf(pieces: readonly Piece[]): readonly number[] {
  return pieces.flatMap((piece, at) => {
    const next = pieces[at + 1]
    if (next === undefined || (!piece.isChanged && !next.isChanged)) return []
    const [a, b] = [piece.span, next.span]
    return a.revision === b.revision && a.reason === b.reason && a.to < b.from ? [at] : []
  })
}

/** @param joints - Places behind which no other tick lies; the pieces there become one. */
export function changesOf(pieces: readonly Piece[], joints: ReadonlySet<number>): SpanChanges {
  const removed: Span[] = []
  const extended: Span[] = []
  const inserted: Span[] = []
  for (let at = 0; at < pieces.length; at++) {
    const first = pieces[at] as Piece
    let { span, isChanged } = first
    while (joints.has(at)) {
      const next = pieces[++at] as Piece
      if (next.isStored) removed.push(next.span)
      span = joined(span, next.span)
      isChanged = true
    }
    if (isChanged) (first.isStored ? extended : inserted).push(span)
  }
  return { removed, extended, inserted }
}

function joined(a: Span, b: Span): Span {
  return { ...a, to: Math.max(a.to, b.to), count: a.count + b.count }
}

function keyOf({ from, reason }: Span): string {
  return `${from} ${reason}`
}
