import type { ReadStore } from '@escapement/core'
import type { ServerContext } from '../server-context.ts'
import { executionPages } from './execution-pages.ts'
import { executionReading } from './execution-reading.ts'
import { jobPages } from './job-pages.ts'
import { overview } from './overview.ts'

/** Reads on a server. */
export function serverReading(context: ServerContext): ReadStore {
  return { ...executionPages(context), ...executionReading(context), ...jobPages(context), ...overview(context) }
}
