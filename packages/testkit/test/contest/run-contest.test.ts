import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ContestReport, holderKilled, runContest } from '@escapement/testkit/contest'
import { describe, expect, onTestFinished, test } from 'vitest'

function contest(wrong: string): Promise<ContestReport> {
  const folder = mkdtempSync(join(tmpdir(), 'escapement-contest-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const script = new URL('./faulty-contender.ts', import.meta.url)
  return runContest({
    script,
    args: [folder, wrong],
    processes: 2,
    keys: ['key'],
    ttl: 100,
    faults: [holderKilled()],
  })
}

describe.skipIf(process.platform === 'win32')('a contest', () => {
  test('finds that a lock grants a key to everybody, and that writes fail for no reason', async () => {
    const { findings, leases, appliedWrites, failedWrites, faults } = await contest('shared')
    expect(findings).toContainEqual(expect.stringMatching(/^key, overlap: fence \d+ was still relied on/))
    expect(findings).toContainEqual(expect.stringMatching(/^a write of key failed: TypeError: the script is wrong/))
    expect(failedWrites).toBeGreaterThan(0)
    expect(leases).toBeGreaterThan(1)
    expect(appliedWrites).toBeGreaterThan(0)
    expect(faults.map(({ name }) => name)).toEqual(['a holder was killed'])
  })

  test('ends with the complaint of a process that ends by itself', async () => {
    await expect(contest('ends')).rejects.toThrow(/a contender complained/)
  })
})
