import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { median, percentile } from './percentile.ts'
import { scratchFile } from './scratch-file.ts'

/** What it costs to make 4 KiB durable where the databases of this run lie. Milliseconds. */
export function fsyncCost(): { readonly medianMs: number; readonly p99Ms: number } {
  using scratch = scratchFile()
  const descriptor = openSync(scratch.path, 'w')
  const page = Buffer.alloc(4_096, 1)
  const times: number[] = []
  for (let n = 0; n < 300; n++) {
    writeSync(descriptor, page)
    const startedAt = performance.now()
    fdatasyncSync(descriptor)
    times.push(performance.now() - startedAt)
  }
  closeSync(descriptor)
  return { medianMs: median(times), p99Ms: percentile(times, 0.99) }
}
