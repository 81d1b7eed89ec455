import { Application } from './application.ts'
import { EnvironmentError } from './environment/environment-error.ts'
import { readEnvironment } from './environment/read-environment.ts'
import { jsonLogger } from './logging/json-logger.ts'
import { stopOnSignal } from './stop-on-signal.ts'

try {
  const settings = readEnvironment(process.env)
  const logger = jsonLogger(settings.instance === null ? {} : { service: settings.instance })
  const application = new Application(settings, { logger })
  stopOnSignal(application, logger)
  const url = await application.start()
  logger.info('listening', { url, isCronEnabled: settings.isCronEnabled })
} catch (error) {
  console.error(error instanceof EnvironmentError ? error.message : error)
  process.exit(1)
}
