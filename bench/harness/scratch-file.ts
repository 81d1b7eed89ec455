import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A place for a database that goes when the measurement is over. */
export interface ScratchFile extends Disposable {
  readonly path: string
}

/** A new folder with room for one database and its WAL; `BENCH_DIR` or the system's temporary folder holds it. */
export function scratchFile(): ScratchFile {
  const folder = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'escapement-bench-'))
  return {
    path: join(folder, 'bench.db'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
