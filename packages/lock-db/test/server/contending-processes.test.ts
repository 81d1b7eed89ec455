import { describeOnServers } from '@escapement/testkit/vitest'
import { expect, test } from 'vitest'
import { contestOn } from '../contest.ts'
import { openContended } from '../processes/contended-database.ts'

describeOnServers(['postgres', 'mariadb'], ({ url }) => {
  test.skipIf(process.platform === 'win32')(
    'promises 3 and 6, rule 16: processes that are killed and stopped never rely on a key at the same time, and fences grow',
    { timeout: 60_000 },
    async () => {
      await using database = openContended(url())
      await database.prepare()
      expect(await contestOn(url())).toMatchObject({ findings: [] })
    },
  )
})
