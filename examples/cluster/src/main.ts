import { readClusterOptions, USAGE } from './cluster-options.ts'
import { Conductor } from './conductor/conductor.ts'
import { findPostgres } from './postgres/find-postgres.ts'
import { PostgresMissingError } from './postgres/postgres-missing-error.ts'

/** Ctrl-C under `npx` and `pnpm` arrives several times at once: from the terminal, and passed on by each of them. */
const ONE_PRESS_MS = 500

try {
  const { rounds } = readClusterOptions(process.argv.slice(2))
  const postgres = await findPostgres(process.env['DATABASE_URL'] ?? '')
  const conductor = new Conductor(rounds, postgres)
  let stoppedAt: number | undefined
  const onSignal = (): void => {
    if (stoppedAt !== undefined && Date.now() - stoppedAt < ONE_PRESS_MS) return
    if (stoppedAt !== undefined) {
      conductor.kill()
      process.exit(130)
    }
    stoppedAt = Date.now()
    conductor.stop()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  try {
    process.exitCode = (await conductor.run()) ? 0 : 1
  } finally {
    await postgres.stop()
  }
} catch (error) {
  const isMissing = error instanceof PostgresMissingError
  console.error(isMissing ? error.message : `${(error as Error).message}\n${USAGE}`)
  process.exitCode = 1
}
