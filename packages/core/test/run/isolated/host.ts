import { isolated } from '../../../src/job/isolated.ts'
import { startIsolated } from '../../../src/run/isolated-handler.ts'
import { contextOf } from './context-of.ts'

/** A host that tells the process id of its guest, and then waits to be killed. */
const how = process.argv[2] as string
const remainingMs = Number(process.argv[3])
const handler = isolated(new URL('./ways-to-fail.ts', import.meta.url), { kind: 'process' })
const running = startIsolated(handler, contextOf({ how }, { remainingMs }), {
  log: (_level, message, fields) => void (message === 'waiting' && process.send?.(fields)),
  progress: () => undefined,
})
await running.result
