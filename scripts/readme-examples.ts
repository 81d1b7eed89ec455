/**
 * Checks the code in README.md, packages/*\/README.md and docs/*.md: every `ts` block type-checks on its own, and runs
 * when a comment stands on the line above it:
 *
 * - `<!-- run -->`: it must end by itself with exit code 0;
 * - `<!-- run until "text" -->`: it must print the text and is then stopped.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { runCommand } from './run-command.ts'

const ROOT = resolve(import.meta.dirname, '..')
/** How long a block may run, in milliseconds. */
const LIMIT_MS = 30_000

export interface Example {
  /** Where it stands: `README.md:12`. */
  readonly place: string
  readonly code: string
  /** `false`: only checked; `true`: runs to its end; a text: runs until it has printed the text. */
  readonly run: boolean | string
}

/** The `ts` blocks of a Markdown text. */
export function extractExamples(path: string, markdown: string): Example[] {
  const pattern = /(?:<!-- run(?: until "([^"\n]+)")? -->\n+)?^```ts\n([\s\S]*?)^```$/gm
  return [...markdown.matchAll(pattern)].map((match) => {
    const [whole, until, code = ''] = match
    const before = markdown.slice(0, match.index + whole.indexOf('```ts'))
    return { place: `${path}:${before.split('\n').length}`, code, run: until ?? whole.startsWith('<!--') }
  })
}

/** Runs a module and waits for its end, or for `until` in what it prints. */
export async function runExample(file: string, until: string | undefined): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'escapement-readme-'))
  try {
    const child = spawn(process.execPath, [file], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let isSeen = false
    const see = (chunk: Buffer): void => {
      output += chunk.toString()
      if (until === undefined || isSeen || !output.includes(until)) return
      isSeen = true
      child.kill('SIGKILL')
    }
    child.stdout.on('data', see)
    child.stderr.on('data', see)
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
    const status = await new Promise<number | null>((done, fail) => {
      child.on('error', fail)
      child.on('close', done)
    })
    clearTimeout(timer)
    if (until === undefined ? status !== 0 : !isSeen) {
      const want = until === undefined ? 'end with exit code 0' : `print ${JSON.stringify(until)}`
      throw new Error(`did not ${want} within ${LIMIT_MS} ms (exit code ${status}); it printed:\n${output}`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function pages(): string[] {
  const ofPackages = readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}/README.md`)
  const guides = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))
  return ['README.md', ...ofPackages, ...guides.map((name) => `docs/${name}`)].filter((path) =>
    existsSync(join(ROOT, path)),
  )
}

async function checkExamples(): Promise<void> {
  const examples = pages().flatMap((path) => extractExamples(path, readFileSync(join(ROOT, path), 'utf8')))
  // Inside the workspace, so that the packages are found there.
  const folder = join(ROOT, '.reports', 'readme-examples')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const compilerOptions = { isolatedDeclarations: false, noUnusedLocals: false, noUnusedParameters: false }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.base.json', compilerOptions, include: ['*.ts'] }),
  )
  const files = examples.map(({ place, code }) => {
    const file = join(folder, `${place.replaceAll(/[^a-z0-9]+/gi, '-')}.ts`)
    writeFileSync(file, code)
    return file
  })
  if (examples.length > 0) runCommand(join(ROOT, 'node_modules', '.bin', 'tsc'), ['-p', folder])
  for (const [index, { place, run }] of examples.entries()) {
    if (run === false) continue
    try {
      await runExample(files[index] ?? '', run === true ? undefined : run)
    } catch (error) {
      throw new Error(`${place}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
  const ran = examples.filter(({ run }) => run !== false).length
  console.log(`${examples.length} examples type-check, ${ran} of them ran`)
}

if (import.meta.main) await checkExamples()
