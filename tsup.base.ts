import { readFile } from 'node:fs/promises'
import type { Options } from 'tsup'

type Plugin = NonNullable<Options['esbuildPlugins']>[number]

/**
 * Keeps one output file per source file, at the same place under `dist`: a module that is loaded by URL (a worker
 * thread, a child process) then stands beside its caller there as it does in `src`.
 */
const filePerFile: Plugin = {
  name: 'file-per-file',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, (args) =>
      args.kind === 'entry-point' ? undefined : { path: args.path.replace(/\.ts$/, '.js'), external: true },
    )
  },
}

/** Points `new URL('./x.ts', import.meta.url)` at the built file. */
const urlOfBuiltFile: Plugin = {
  name: 'url-of-built-file',
  setup(build) {
    const pattern = /(new URL\(\s*'\.{1,2}\/[^']*)\.ts('\s*,\s*import\.meta\.url)/g
    build.onLoad({ filter: /\.ts$/ }, async (args) => {
      const source = await readFile(args.path, 'utf8')
      return { contents: source.replace(pattern, '$1.js$2'), loader: 'ts' }
    })
  },
}

/**
 * The build of one package: ESM for every source file, declarations for the entries.
 *
 * @param entries - The files that `exports` in package.json names.
 */
export function library(entries: string[]): Options {
  return {
    entry: ['src/**/*.ts'],
    esbuildPlugins: [filePerFile, urlOfBuiltFile],
    format: 'esm',
    platform: 'node',
    // Down-levels `using`, which Node 22 cannot parse.
    target: 'es2024',
    dts: { entry: entries },
    // `node:sqlite` exists under no other name.
    removeNodeProtocol: false,
    splitting: false,
    sourcemap: true,
    clean: true,
    outDir: 'dist',
  }
}
