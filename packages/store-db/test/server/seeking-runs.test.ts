import { openServer, statement } from '@escapement/db'
import { describeOnServers } from '@escapement/testkit/vitest'
import { expect, it } from 'vitest'
import { SeekingRuns } from '../../src/server/claiming/seeking-runs.ts'
import { openServerContext } from '../../src/server/open-server-context.ts'
import { sourcesFor } from './server-pools.ts'

describeOnServers(['postgres'], ({ kind, url }) => {
  const sources = sourcesFor(kind)

  it('after a statement that was slow, the next ones are run where none is compiled', async () => {
    const database = openServer(sources.pool(url()))
    const context = await openServerContext({ database, prefix: 'escapement_', migrate: 'auto' })
    const runs = new SeekingRuns(context)
    const [compiling, sleeping] = [
      statement(`SELECT current_setting('jit') AS jit, CAST(:seconds AS float) AS seconds`),
      statement(`SELECT current_setting('jit') AS jit, pg_sleep(:seconds) AS seconds`),
    ]
    const jit = async (slept: boolean, seconds: number): Promise<unknown> =>
      (await runs.run<{ jit: string }>(slept ? sleeping : compiling, { seconds })).rows[0]?.jit
    expect(await jit(false, 0)).toBe('on')
    expect(await jit(true, 0.1)).toBe('on')
    expect(await jit(false, 0)).toBe('off')
  })
})
