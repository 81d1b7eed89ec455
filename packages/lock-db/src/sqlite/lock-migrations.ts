import type { Migration } from '@escapement/db'

/**
 * One row per name, never deleted, so that its fence goes on growing. `expires_at` is 0 while nobody holds the lock;
 * `register` belongs to `advanceMany` and has nothing to do with the lock of that name.
 */
export function lockMigrations(prefix: string): readonly Migration[] {
  return [
    {
      version: 1,
      minCompatible: 1,
      steps: [
        `CREATE TABLE IF NOT EXISTS ${prefix}locks (
           name TEXT PRIMARY KEY,
           owner TEXT,
           fence INTEGER NOT NULL DEFAULT 0,
           expires_at INTEGER NOT NULL DEFAULT 0,
           register INTEGER
         ) STRICT, WITHOUT ROWID`,
      ],
    },
  ]
}

/** An ES module that makes and migrates the table in the file that it is given; a renewal of nothing changes nothing else. */
export function lockMigrationScript(prefix: string): string {
  return `import { dbLockDriver, openSqlite } from '@escapement/lock-db'; const db = openSqlite({ file: process.argv[1] }); await dbLockDriver(db, { prefix: '${prefix}' }).renewMany([]); await db.close()`
}
