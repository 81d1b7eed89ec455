import { defineConfig, type Options } from 'tsup'
import { library } from '../../tsup.base.ts'

const config: Options | Options[] = library(['src/index.ts', 'src/run/*-worker.ts', 'src/run/*-child.ts'])

export default defineConfig(config)
