/** The value below which the share `p` (0 to 1) of `values` lies, by nearest rank; NaN when there are none. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))] ?? Number.NaN
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** The greatest value, NaN when there are none. */
export function greatest(values: readonly number[]): number {
  return percentile(values, 1)
}
