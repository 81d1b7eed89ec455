import { defineConfig, type Options } from 'tsup'
import { library } from '../../tsup.base.ts'

const config: Options | Options[] = library(['src/index.ts'])

export default defineConfig(config)
