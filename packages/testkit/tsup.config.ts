import type { Options } from 'tsup'
import { library } from '../../tsup.base.ts'

const config: Options = library(['src/index.ts', 'src/vitest.ts', 'src/servers.ts', 'src/contest.ts'])

export default config
