import { setTimeout as sleep } from 'node:timers/promises'
import { type Instants, monotonicMs, PAUSE_MS } from './starts.ts'

/** Asks for work `samples` times, with a pause before each; answers when it did. */
export async function ask(
  samples: number,
  enqueue: (input: { readonly n: number }) => Promise<unknown>,
): Promise<Instants> {
  const asked: Instants = new Map()
  for (let n = 0; n < samples; n++) {
    await sleep(PAUSE_MS)
    asked.set(n, monotonicMs())
    await enqueue({ n })
  }
  return asked
}
