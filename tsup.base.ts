import type { Options } from 'tsup'

/** The build of one package: ESM and declarations for `entry`, each file of which can be loaded by itself. */
export function library(entry: string[]): Options {
  return {
    entry,
    format: 'esm',
    platform: 'node',
    // Down-levels `using`, which Node 22 cannot parse.
    target: 'es2024',
    dts: true,
    splitting: true,
    sourcemap: true,
    clean: true,
    outDir: 'dist',
  }
}
