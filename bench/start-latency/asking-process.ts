/** A process that enqueues and runs nothing; it tells when it did. */
import { createScheduler } from '@escapement/core'
import { openPlace, type StorePlace } from '../harness/store-place.ts'
import { ask } from './ask.ts'
import { noOp } from './no-op.ts'

/** What it is started with, as JSON in its one argument. */
export interface AskingOrder {
  readonly place: StorePlace
  readonly samples: number
}

/** Instants by number. */
export type AskedMessage = readonly (readonly [n: number, at: number])[]

const { place, samples } = JSON.parse(process.argv[2] ?? '') as AskingOrder
await using placed = openPlace(place)
const scheduler = createScheduler({ jobs: [noOp(() => null)], store: placed.store })
const asked = await ask(samples, (input) => scheduler.enqueue('bench.no-op', input))
process.send?.([...asked] satisfies AskedMessage)
process.disconnect?.()
