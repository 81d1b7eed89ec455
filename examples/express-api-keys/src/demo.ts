import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Demo } from './demo/demo.ts'
import { readDemoOptions, USAGE } from './demo/demo-options.ts'

/** Ctrl-C under `npx` and `pnpm` arrives several times at once: from the terminal, and passed on by each of them. */
const ONE_PRESS_MS = 500

try {
  const options = readDemoOptions(process.argv.slice(2))
  const folder = mkdtempSync(join(tmpdir(), 'escapement-demo-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  const demo = new Demo(options, join(folder, 'api-keys.db'))
  let stoppedAt: number | undefined
  const onSignal = (): void => {
    if (stoppedAt !== undefined && Date.now() - stoppedAt < ONE_PRESS_MS) return
    if (stoppedAt !== undefined) {
      demo.kill()
      process.exit(130)
    }
    stoppedAt = Date.now()
    demo.stop()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.on('SIGHUP', onSignal)
  await demo.run()
} catch (error) {
  console.error(`${(error as Error).message}\n${USAGE}`)
  process.exitCode = 1
}
