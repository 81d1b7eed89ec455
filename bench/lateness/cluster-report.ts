import type { Cell, Finding } from '../harness/benchmark.ts'
import { greatest, percentile } from '../harness/percentile.ts'
import type { ClusterOutcome } from './cluster-verdict.ts'

const LEASE_MS = 5_000

/** The columns of {@link clusterRow}. */
export const CLUSTER_COLUMNS: readonly string[] = [
  '',
  'ticks',
  'p50',
  'p99',
  'max',
  'duplicates',
  'misses',
  'taken over',
  'latest taken over',
]

export function clusterRow(name: string, outcome: ClusterOutcome): Cell[] {
  const { ticks, latenessMs, duplicates, misses, takenOverMs } = outcome
  return [
    name,
    ticks,
    percentile(latenessMs, 0.5),
    percentile(latenessMs, 0.99),
    greatest(latenessMs),
    duplicates,
    misses,
    takenOverMs.length,
    takenOverMs.length === 0 ? null : greatest(takenOverMs),
  ]
}

export function clusterFindings(of: string, outcome: ClusterOutcome, isKilled: boolean): Finding[] {
  const p99 = percentile(outcome.latenessMs, 0.99)
  const latest = Math.max(0, ...outcome.takenOverMs)
  return [
    { what: `lateness p99, ${of}`, figure: `${p99.toFixed(1)} ms`, reach: 'at most 10 ms', isReached: p99 <= 10 },
    {
      what: `ticks by id, ${of}`,
      figure: `${outcome.duplicates} duplicates, ${outcome.misses} misses`,
      reach: 'none',
      isReached: outcome.duplicates + outcome.misses === 0,
    },
    ...(isKilled
      ? [
          {
            what: `taken over from the killed one, ${of}`,
            figure: `${(latest / 1_000).toFixed(1)} s`,
            reach: 'at most lease + 5 s (10 s)',
            isReached: latest <= LEASE_MS + 5_000,
          },
        ]
      : []),
  ]
}
