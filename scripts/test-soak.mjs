/** Runs the short soak by itself: it judges real processes by the clock, and other tests beside it would disturb it. */
import { startVitest } from 'vitest/node'

process.env['ESCAPEMENT_SOAK'] = '1'
const vitest = await startVitest([], { watch: false })
await vitest.close()
