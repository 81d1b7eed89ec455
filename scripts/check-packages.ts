/**
 * Checks the packages as their users get them: packed, linted, installed into an empty project, type-checked there and
 * imported entry by entry. Needs a build; run it as `pnpm check:packages`.
 *
 * `CONSUMER_NODE` names the Node binary that imports them; default: the one that runs this script.
 */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { runCommand } from './run-command.ts'

const ROOT = join(import.meta.dirname, '..')
const BIN = join(ROOT, 'node_modules', '.bin')
const CONSUMER_NODE = process.env['CONSUMER_NODE'] ?? process.execPath

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const work = mkdtempSync(join(tmpdir(), 'escapement-packages-'))
try {
  const manifests = readdirSync(join(ROOT, 'packages'))
    .map((folder) => join(ROOT, 'packages', folder))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => checkBuild(folder))
  const tarballs = pack(join(work, 'tarballs'), manifests.length)
  for (const tarball of tarballs) {
    runCommand(join(BIN, 'publint'), ['run', tarball, '--strict'])
    runCommand(join(BIN, 'attw'), [
      tarball,
      '--profile',
      'esm-only',
      '--format',
      'ascii',
      '--no-emoji',
      '--no-definitely-typed',
    ])
  }
  useAsStranger(join(work, 'stranger'), tarballs, manifests)
  console.log(`${manifests.length} packages pack, install and import`)
} finally {
  rmSync(work, { recursive: true, force: true })
}

/** Refuses a package whose build still points at TypeScript sources. */
function checkBuild(folder: string): Manifest {
  const dist = join(folder, 'dist')
  const built = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.js'))
  for (const path of built) {
    const code = readFileSync(join(dist, path), 'utf8')
    const leftover = /(?:from|import\(|new URL\()\s*["'`]\.{1,2}\/[^"'`]*\.ts["'`]/.exec(code)
    if (leftover !== null) throw new Error(`${join(dist, path)} still names a source: ${leftover[0]}`)
  }
  // The one place where the shape of a manifest of our own is taken for granted.
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}

function pack(destination: string, count: number): string[] {
  const pnpm = process.env['npm_execpath']
  if (pnpm === undefined) throw new Error('run this as `pnpm check:packages`: it packs with the pnpm that started it')
  runCommand(pnpm, ['--recursive', '--filter', './packages/*', 'pack', '--pack-destination', destination], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const tarballs = readdirSync(destination).map((name) => join(destination, name))
  if (tarballs.length !== count) throw new Error(`${count} packages, but ${tarballs.length} tarballs`)
  return tarballs
}

function useAsStranger(folder: string, tarballs: readonly string[], manifests: readonly Manifest[]): void {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  runCommand('npm', ['install', ...quiet, ...tarballs], { cwd: folder })
  linkPeers(folder, manifests)

  const entries = manifests.flatMap(({ name, exports }) => Object.keys(exports).map((entry) => posix.join(name, entry)))
  writeFileSync(
    join(folder, 'entries.js'),
    [
      ...entries.map((entry, index) => `import * as entry${index} from '${entry}'`),
      'const entries = [',
      ...entries.map((entry, index) => `  ['${entry}', entry${index}],`),
      ']',
      'for (const [name, entry] of entries) {',
      '  const count = Object.keys(entry).length',
      "  if (count === 0) throw new Error(name + ' exports nothing')",
      "  console.log(name + ': ' + count + ' exports on Node ' + process.versions.node)",
      '}',
    ].join('\n'),
  )
  runCommand(CONSUMER_NODE, ['entries.js'], { cwd: folder })
  checkTypes(folder)
}

/** Gives the stranger the optional peers in the workspace's own versions, so that no release of theirs can break this. */
function linkPeers(folder: string, manifests: readonly Manifest[]): void {
  link(folder, '@types/node', join(ROOT, 'node_modules'))
  for (const { name, peerDependencies = {} } of manifests) {
    const modules = join(ROOT, 'packages', posix.basename(name), 'node_modules')
    for (const peer of Object.keys(peerDependencies)) link(folder, peer, modules)
  }
}

function link(folder: string, name: string, modules: string): void {
  const path = join(folder, 'node_modules', name)
  if (existsSync(path)) return
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(join(modules, name), path, 'junction')
}

/** Strict and with `skipLibCheck` off, so that our declarations are themselves checked; those of others may be wrong. */
function checkTypes(folder: string): void {
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    allowJs: true,
    checkJs: true,
    noEmit: true,
    skipLibCheck: false,
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['entries.js'] }))
  const { stdout, error } = spawnSync(join(BIN, 'tsc'), ['-p', folder, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (error !== undefined) throw error
  const ours = stdout.split('\n').filter((line) => /^(entries\.js|node_modules\/@escapement\/)/.test(line))
  if (ours.length > 0) throw new Error(`the declarations do not check in a strict project:\n${ours.join('\n')}`)
}
