/** One instance, in a process of its own: the conductor starts it, reads its log and lets it go. */
import { ClusterInstance } from './cluster-instance.ts'
import { readInstanceEnvironment } from './instance-environment.ts'
import { jsonLogger } from './json-logger.ts'

const logger = jsonLogger()
const instance = new ClusterInstance(readInstanceEnvironment(process.env), logger)

let isStopping = false
const stop = (): void => {
  if (isStopping) return
  isStopping = true
  instance.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      logger.error('could not stop cleanly', { error })
      process.exit(1)
    },
  )
}
process.on('SIGTERM', stop)
// The conductor lets go of it, or has died: then nobody reads its log any more, and stopping matters more.
process.once('disconnect', stop)
process.stdout.on('error', () => undefined)

await instance.start()
logger.info('ready')
