import { expect, test } from 'vitest'
import { contestOn } from './contest.ts'
import { openContended } from './processes/contended-database.ts'
import { ScratchFolder } from './scratch-folder.ts'

test.skipIf(process.platform === 'win32')(
  'promises 3 and 6, rule 16: processes that are killed and stopped never rely on a key at the same time, and fences grow',
  { timeout: 60_000 },
  async () => {
    using folder = new ScratchFolder()
    await using database = openContended(folder.file('locks.db'))
    await database.prepare()
    expect(await contestOn(folder.file('locks.db'))).toMatchObject({ findings: [] })
  },
)
