import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const PNPM = ['-y', 'pnpm@12']

/** @throws Error when it ends with another exit code than 0. */
function runIn(cwd: string, command: string, args: readonly string[]): void {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Replaces text of a file before the packages are built. */
export interface Edit {
  readonly path: string
  readonly from: string
  readonly to: string
}

/**
 * Makes a project in `folder` whose dependencies are the packages of a revision, built and packed as for a release, and
 * which has the script of an instance.
 *
 * @param revision - Whatever git takes for one.
 * @returns The path of the script in the project.
 */
export function packedVersion(folder: string, revision: string, edits: readonly Edit[] = []): string {
  const source = join(folder, 'source')
  const tarballs = join(folder, 'tarballs')
  const project = join(folder, 'project')
  for (const path of [source, project]) mkdirSync(path, { recursive: true })
  const archive = join(folder, 'source.tar')
  runIn(ROOT, 'git', ['archive', '--output', archive, revision])
  runIn(source, 'tar', ['-xf', archive])
  for (const { path, from, to } of edits) {
    const text = readFileSync(join(source, path), 'utf8')
    if (!text.includes(from)) throw new Error(`${path} has no "${from}" to put the change in the place of`)
    writeFileSync(join(source, path), text.replace(from, to))
  }
  const pnpm = (...args: string[]): void => runIn(source, 'npx', [...PNPM, ...args])
  pnpm('install', '--frozen-lockfile', '--prefer-offline')
  pnpm('--recursive', '--filter', './packages/*', 'run', 'build')
  pnpm('--recursive', '--filter', './packages/*', 'pack', '--pack-destination', tarballs)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const packages = readdirSync(tarballs).map((name) => join(tarballs, name))
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  runIn(project, 'npm', ['install', ...quiet, ...packages])
  const libraries = join(ROOT, 'packages', 'store-db', 'node_modules')
  for (const name of ['pg', 'mysql2'])
    symlinkSync(join(libraries, name), join(project, 'node_modules', name), 'junction')
  const script = join(project, 'rolling-instance.ts')
  cpSync(join(import.meta.dirname, 'rolling-instance.ts'), script)
  return script
}
