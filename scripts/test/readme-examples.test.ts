import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { extractExamples, runExample } from '../readme-examples.ts'

const FENCE = '```'

async function run(code: string, until?: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'readme-'))
  try {
    writeFileSync(join(folder, 'a.mjs'), code)
    await runExample(join(folder, 'a.mjs'), until)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('extractExamples', () => {
  it('finds ts blocks, where they stand and whether they run', () => {
    const markdown = [
      '# Title',
      `${FENCE}sh`,
      'ls',
      FENCE,
      `${FENCE}ts`,
      'const a = 1',
      FENCE,
      '<!-- run -->',
      `${FENCE}ts`,
      'const b = 2',
      '',
      'b + 1',
      FENCE,
      '<!-- run until "tick 1" -->',
      '',
      `${FENCE}ts`,
      'const c = 3',
      FENCE,
    ].join('\n')
    expect(extractExamples('README.md', markdown)).toEqual([
      { place: 'README.md:5', code: 'const a = 1\n', run: false },
      { place: 'README.md:9', code: 'const b = 2\n\nb + 1\n', run: true },
      { place: 'README.md:16', code: 'const c = 3\n', run: 'tick 1' },
    ])
  })
})

describe('runExample', () => {
  it('accepts a block that ends by itself', async () => {
    await expect(run('console.log(1)')).resolves.toBeUndefined()
  })

  it('refuses a block that fails, and shows what it printed', async () => {
    await expect(run("console.log('half way'); process.exit(3)")).rejects.toThrow(/exit code 3.*half way/s)
  })

  it('stops a block that goes on once it has printed its text', async () => {
    await expect(run("setInterval(() => console.log('tick'), 10)", 'tick')).resolves.toBeUndefined()
  })

  it('refuses a block that ends without its text', async () => {
    await expect(run('console.log(1)', 'tick')).rejects.toThrow(/did not print "tick"/)
  })
})
