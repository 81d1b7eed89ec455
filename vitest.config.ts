import type { ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = {
  // Node 22 has no native `using`, and the tests also run there.
  oxc: { target: 'es2024' },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts'],
    // Processes, not threads: tests send signals, change directories and load native addons.
    pool: 'forks',
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
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
