import type { ViteUserConfig } from 'vitest/config'

const isCi = process.env['CI'] === 'true'
/** Judges real processes by the clock, so it has the machine to itself: `pnpm test:soak`, a step of its own in CI. */
const SOAK = 'bench/test/soak.test.ts'
const isSoak = process.env['ESCAPEMENT_SOAK'] === '1'

const config: ViteUserConfig = {
  // Node 22 has no native `using`, and the tests also run there.
  oxc: { target: 'es2024' },
  test: {
    include: isSoak ? [SOAK] : ['{packages,examples}/*/test/**/*.test.ts', '{bench,scripts}/test/**/*.test.ts'],
    exclude: ['**/node_modules/**', ...(isSoak ? [] : [SOAK])],
    // Processes, not threads: tests send signals, change directories and load native addons.
    pool: 'forks',
    // Starts the servers that the files of this run need, and passes their URLs on by the environment.
    globalSetup: 'scripts/test-servers.ts',
    // As many as the smallest machine that runs this has cores; more would only disturb what is measured in time.
    maxWorkers: 2,
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
