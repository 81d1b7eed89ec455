/** The machine's monotonic clock, milliseconds: the same for all processes, unlike that of a `Runtime`. */
export function sharedNow(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
