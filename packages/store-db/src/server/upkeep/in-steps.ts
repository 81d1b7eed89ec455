import type { SqlSession } from '@escapement/db'
import type { ServerContext } from '../server-context.ts'

/** Rows that one transaction of upkeep changes: some milliseconds of work. */
export const AT_ONCE = 500

/** Repeats a small transaction until it has done `limit` or finds less than it could do; answers how much that was. */
export async function inSteps(
  context: ServerContext,
  limit: number,
  step: (session: SqlSession, limit: number) => Promise<number>,
): Promise<number> {
  let done = 0
  while (done < limit) {
    const asked = Math.min(AT_ONCE, limit - done)
    const changed = await context.transaction((session) => step(session, asked))
    done += changed
    if (changed < asked) break
  }
  return done
}
