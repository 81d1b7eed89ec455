import { join } from 'node:path'
import type { ViteUserConfig } from 'vitest/config'

const isCi = process.env['CI'] === 'true'
/** Judges real processes by the clock, so it has the machine to itself: `pnpm test:soak`, a step of its own in CI. */
const SOAK = 'bench/test/soak.test.ts'
const isSoak = process.env['ESCAPEMENT_SOAK'] === '1'
/**
 * Files whose tests leave their process as it was. They run one after the other in the same processes: to load the
 * packages anew for each of them takes longer than most of their tests.
 */
const SHARING = [
  'packages/{base,db,testkit}/test/**/*.test.ts',
  'packages/core/test/!(run)/**/*.test.ts',
  'packages/store-db/test/**/!(*.contract|*processes|large-store).test.ts',
  'scripts/test/**/*.test.ts',
]
const EVERYTHING = ['{packages,examples}/*/test/**/*.test.ts', '{bench,scripts}/test/**/*.test.ts']

const config: ViteUserConfig = {
  // Node 22 has no native `using`, and the tests also run there.
  oxc: { target: 'es2024' },
  test: {
    exclude: ['**/node_modules/**', ...(isSoak ? [] : [SOAK])],
    ...(isSoak
      ? { include: [SOAK] }
      : {
          projects: [
            { extends: true, test: { name: 'apart', include: EVERYTHING, exclude: SHARING } },
            { extends: true, test: { name: 'sharing', include: SHARING, isolate: false } },
          ],
        }),
    // Processes, not threads: tests send signals, change directories and load native addons.
    pool: 'forks',
    // Starts the servers that the files of this run need, and passes their URLs on by the environment.
    globalSetup: 'scripts/test-servers.ts',
    // As many as the smallest machine that runs this has cores; more would only disturb what is measured in time.
    maxWorkers: 2,
    // Processes that tests start compile a program once a run, not each time: they are there in a third of the time.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/compiled') },
    // Only a test that hangs is to meet it: what is judged by the clock says so itself, and servers run beside.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: isCi && !isSoak ? ['default', ['json', { outputFile: '.reports/vitest.json' }]] : ['default'],
    coverage: {
      // The one run of the tests in CI also judges the coverage; `pnpm coverage` does so anywhere.
      enabled: isCi && !isSoak,
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      // They run in threads and processes of their own, out of sight of the collector; tests run them all the same.
      exclude: ['**/*-{worker,child}.ts'],
      reportsDirectory: 'coverage',
      reporter: ['text-summary', 'json-summary', 'html'],
      thresholds: {
        lines: 95,
        branches: 92,
        'packages/core/src/policy/**': { branches: 100 },
      },
    },
  },
}

export default config
