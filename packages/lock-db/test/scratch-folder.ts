import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that goes with its scope. */
export class ScratchFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'escapement-lock-db-'))

  file(name: string): string {
    return join(this.path, name)
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
