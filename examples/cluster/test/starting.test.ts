import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { readClusterOptions } from '../src/cluster-options.ts'
import { findPostgres } from '../src/postgres/find-postgres.ts'
import { PostgresMissingError } from '../src/postgres/postgres-missing-error.ts'

describe('starting the cluster', () => {
  it.each([
    [['--rounds', '0'], '--rounds is "0"'],
    [['--rounds', 'many'], '--rounds is "many"'],
    [['--what'], '--what'],
  ])('refuses %j', (args, says) => {
    expect(() => readClusterOptions(args)).toThrow(says)
  })

  it('takes its options also behind the dashes that pnpm hands on', () => {
    expect(readClusterOptions(['--', '--rounds', '2'])).toEqual({ rounds: 2 })
  })

  it.each([
    ['mysql://root@127.0.0.1/app', 'no URL that begins with postgres://'],
    ['app.db', 'no URL that begins with postgres://'],
    ['postgres://nobody:hunter2@127.0.0.1:1/none', 'does not answer: connect ECONNREFUSED 127.0.0.1:1'],
  ])('refuses DATABASE_URL=%s with what is wrong and the ways out, and without its password', async (url, says) => {
    const error = await findPostgres(url).catch((problem: unknown) => problem)
    expect(error).toBeInstanceOf(PostgresMissingError)
    expect(String(error)).toContain(says)
    expect(String(error)).toContain('apt-get install postgresql')
    expect(String(error)).not.toContain('hunter2')
  })

  it('has a server of its own that ends with it, or says how to get one', { timeout: 120_000 }, async () => {
    const outcome = await findPostgres('').then(async (postgres) => {
      const before = await answerOf(postgres.url)
      await postgres.stop()
      return `${before}, then ${await answerOf(postgres.url)}`
    }, String)
    expect(outcome).toMatch(/^(1, then ECONNREFUSED|PostgresMissingError: [^]*DATABASE_URL=postgres:\/\/[^]*)$/)
  })
})

async function answerOf(url: string): Promise<string> {
  const client = new Client({ connectionString: url })
  try {
    await client.connect()
    const { rows } = await client.query<{ one: number }>('SELECT 1 AS one')
    await client.end()
    return String(rows[0]?.one)
  } catch (error) {
    return (error as { code: string }).code
  }
}
