import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createScheduler, type Scheduler } from '@escapement/core'
import { openPlace, type StorePlace } from '../harness/store-place.ts'
import { ask } from './ask.ts'
import type { AskedMessage, AskingOrder } from './asking-process.ts'
import { noOp } from './no-op.ts'
import { type Instants, Starts } from './starts.ts'

/** From the call of `enqueue` to the first line of the handler, both in this process. Milliseconds. */
export async function sameProcess(place: StorePlace, samples: number): Promise<readonly number[]> {
  return await measured(place, samples, (scheduler) => ask(samples, (input) => scheduler.enqueue('bench.no-op', input)))
}

/** The same, with `enqueue` in another process. */
export async function otherProcess(place: StorePlace, samples: number): Promise<readonly number[]> {
  return await measured(place, samples, async () => {
    const order: AskingOrder = { place, samples }
    const child = fork(new URL('./asking-process.ts', import.meta.url), [JSON.stringify(order)])
    const exit = once(child, 'exit')
    const answer = await Promise.race([
      once(child, 'message'),
      exit.then(([code]) => Promise.reject(new Error(`who enqueues ended with ${String(code)}`))),
    ])
    await exit
    return new Map((answer as [AskedMessage])[0])
  })
}

async function measured(
  place: StorePlace,
  samples: number,
  asking: (scheduler: Scheduler) => Promise<Instants>,
): Promise<readonly number[]> {
  const starts = new Starts(samples)
  await using placed = openPlace(place)
  const scheduler = createScheduler({ jobs: [noOp((input) => starts.note(input))], store: placed.store })
  await scheduler.start()
  const times = await starts.since(await asking(scheduler))
  await scheduler.stop()
  return times
}
