/**
 * Runs the tests on the Node that runs this file: `node scripts/test-on-this-node.mjs [vitest's arguments]`.
 *
 * Scripts started by pnpm run on the workspace's own Node 24, whatever the host has. The matrix of CI wants the opposite,
 * so it starts this file directly. Coverage stays off: it is judged once, on Node 24.
 */
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const root = join(import.meta.dirname, '..')
const major = Number(process.versions.node.split('.')[0])
const options = [process.env.NODE_OPTIONS ?? '']
if (major < 24) options.push(`--import=${pathToFileURL(join(root, 'scripts', 'lower-using.mjs')).href}`)

console.log(`Node ${process.versions.node} on ${process.platform} ${process.arch}`)
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const { status } = spawnSync(process.execPath, [vitest, 'run', '--coverage.enabled=false', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    NODE_OPTIONS: options.join(' ').trim(),
    // Tests that start `node` by name get this one too.
    PATH: [dirname(process.execPath), process.env.PATH].join(process.platform === 'win32' ? ';' : ':'),
  },
})
process.exitCode = status ?? 1
