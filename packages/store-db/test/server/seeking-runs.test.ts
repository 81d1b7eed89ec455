import { openServer, statement } from '@escapement/db'
import { describeOnServers } from '@escapement/testkit/vitest'
import { expect, it } from 'vitest'
import { SeekingRuns } from '../../src/server/claiming/seeking-runs.ts'
import { openServerContext } from '../../src/server/open-server-context.ts'
import { sourcesFor } from './server-pools.ts'

describeOnServers(['postgres'], ({ kind, url }) => {
  const sources = sourcesFor(kind)

  async function setting(): Promise<
    (seconds: { readonly alone: number; readonly guarded: number }) => Promise<string>
  > {
    const database = openServer(sources.pool(url()))
    const runs = new SeekingRuns(await openServerContext({ database, prefix: 'escapement_', migrate: 'auto' }))
    // Takes as long as it is told to, by itself and where nothing is compiled.
    const slow =
      statement(`SELECT s.jit, pg_sleep(CASE s.jit WHEN 'on' THEN CAST(:alone AS float) ELSE CAST(:guarded AS float) END)
      FROM (SELECT current_setting('jit') AS jit) AS s`)
    return async (seconds) => (await runs.run<{ jit: string }>(slow, seconds)).rows[0]?.jit ?? ''
  }

  it('a statement that was slow is run where none is compiled, as long as that makes it faster', async () => {
    const jit = await setting()
    expect(await jit({ alone: 0, guarded: 0 })).toBe('on')
    expect(await jit({ alone: 0.15, guarded: 0 })).toBe('on')
    expect(await jit({ alone: 0.15, guarded: 0 })).toBe('off')
    expect(await jit({ alone: 0.15, guarded: 0 })).toBe('off')
    expect(await jit({ alone: 0.15, guarded: 0.1 })).toBe('off')
    expect(await jit({ alone: 0, guarded: 0.1 })).toBe('on')
  })

  it('a statement that is slow either way runs by itself', async () => {
    const jit = await setting()
    expect(await jit({ alone: 0.15, guarded: 0.15 })).toBe('on')
    expect(await jit({ alone: 0.15, guarded: 0.15 })).toBe('off')
    expect(await jit({ alone: 0.15, guarded: 0.15 })).toBe('on')
    expect(await jit({ alone: 0.15, guarded: 0.15 })).toBe('on')
  })
})
