import { existsSync } from 'node:fs'
import { runProgram } from './run-program.ts'

/** Without questions, and without starting the services: each test server is a process of its own. */
const ENVIRONMENT = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
/** Another installation may be going on. */
const WAIT_FOR_LOCK = ['-o', 'DPkg::Lock::Timeout=120']

/** Whether packages can be installed here: as root, on Debian or Ubuntu. */
export function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version')
}

let last: Promise<void> = Promise.resolve()

/** Installs packages, after those that were asked for before; brings the lists up to date when that is needed. */
export function installPackages(names: readonly string[]): Promise<void> {
  const installing = last.then(() => installNow(names))
  last = installing.catch(() => undefined)
  return installing
}

async function installNow(names: readonly string[]): Promise<void> {
  const install = (): Promise<void> =>
    runProgram(
      '/usr/bin/apt-get',
      [...WAIT_FOR_LOCK, 'install', '-y', '--no-install-recommends', ...names],
      null,
      ENVIRONMENT,
    )
  await install().catch(async () => {
    await runProgram('/usr/bin/apt-get', [...WAIT_FOR_LOCK, 'update'], null, ENVIRONMENT)
    await install()
  })
}
