/** The service as `main.ts` runs it, with the shortest lease, so that a test need not wait long for a dead one's work. */
import { Application } from '../../src/application.ts'
import { readEnvironment } from '../../src/environment/read-environment.ts'
import { jsonLogger } from '../../src/logging/json-logger.ts'

const logger = jsonLogger()
const application = new Application(readEnvironment(process.env), { logger, lease: '5s' })
logger.info('listening', { url: await application.start() })
