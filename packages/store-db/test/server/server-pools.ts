import { openServer, type ServerDatabase, type ServerSource } from '@escapement/db'
import type { DatabaseKind } from '@escapement/testkit/servers'
import { createPool } from 'mysql2'
import { Pool } from 'pg'
import { afterAll } from 'vitest'

/** Opens databases of one kind of server; the pools end with the `describe` that calls this. */
export function openerFor(kind: DatabaseKind): (url: string) => ServerDatabase {
  const ends: (() => Promise<unknown>)[] = []
  afterAll(() => Promise.all(ends.splice(0).map((end) => end())))
  const pool = (url: string): ServerSource => {
    if (kind === 'postgres') {
      const made = new Pool({ connectionString: url, max: 4 })
      ends.push(() => made.end())
      return made
    }
    const made = createPool({ uri: url, connectionLimit: 4 })
    ends.push(() => made.promise().end())
    return made
  }
  return (url) => openServer(pool(url))
}
