import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestDatabase, type ServerProcess } from '@escapement/testkit/servers'
import { startOwnServer } from '../harness/own-server.ts'
import type { SoakAddress, SoakKind } from './soak-address.ts'

/** The database under test: a file, or a database of a server that nobody else uses. */
export interface SoakDatabase extends AsyncDisposable {
  readonly address: SoakAddress
  /** What can be done to the server; null: there is none. */
  readonly server: ServerProcess | null
}

/** Makes an empty one, with its server; both end with it. */
export async function openSoakDatabase(kind: SoakKind): Promise<SoakDatabase> {
  if (kind === 'sqlite') return openFile()
  const server = await startOwnServer(kind)
  const { url } = await createTestDatabase(kind, server.url)
  return { address: { kind, url }, server: server.process, [Symbol.asyncDispose]: () => server.stop() }
}

function openFile(): SoakDatabase {
  const folder = mkdtempSync(join(tmpdir(), 'escapement-soak-file-'))
  const remove = (): Promise<void> => Promise.resolve(rmSync(folder, { recursive: true, force: true }))
  return {
    address: { kind: 'sqlite', url: join(folder, 'soak.db') },
    server: null,
    [Symbol.asyncDispose]: remove,
  }
}
