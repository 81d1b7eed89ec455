import type { Migration, SqlServer } from '@escapement/db'

/**
 * One row per name, never deleted, so that its fence goes on growing. `expires_at` is 0 while nobody holds the lock;
 * `register` belongs to `advanceMany` and has nothing to do with the lock of that name; until `awaited_until` somebody
 * may wait for a release to be told, which only PostgreSQL does.
 *
 * Names are compared byte by byte: on MySQL and MariaDB every collation would take some of them for the same, if only
 * those that end in spaces.
 */
export function lockMigrations(server: SqlServer, prefix: string): readonly Migration[] {
  const [name, owner, options] =
    server.dialect === 'postgres'
      ? // Half of each page is left free, so that the new version of a row finds room beside the old one and no index changes.
        ['TEXT COLLATE "C"', 'TEXT', ' WITH (fillfactor = 50)']
      : ['VARBINARY(512)', 'VARBINARY(255)', server.tableOptions]
  const table = server.table(`${prefix}locks`)
  const notices: Migration = {
    version: 2,
    minCompatible: 1,
    steps: [`ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS awaited_until BIGINT NOT NULL DEFAULT 0`],
  }
  return [
    {
      version: 1,
      minCompatible: 1,
      steps: [
        `CREATE TABLE IF NOT EXISTS ${table} (
           name ${name} NOT NULL PRIMARY KEY,
           owner ${owner},
           fence BIGINT NOT NULL DEFAULT 0,
           expires_at BIGINT NOT NULL DEFAULT 0,
           register BIGINT
         )${options}`,
      ],
    },
    ...(server.dialect === 'postgres' ? [notices] : []),
  ]
}

/** An ES module that makes and migrates the table in the database at `DATABASE_URL`; a renewal of nothing changes nothing else. */
export function lockMigrationScript({ dialect, schema }: SqlServer, prefix: string): string {
  const [library, pool, options] =
    dialect === 'postgres'
      ? ['{ Pool }', `new Pool({ connectionString: process.env.DATABASE_URL })`, `, schema: ${shellSafe(schema)}`]
      : ['{ createPool }', `createPool(process.env.DATABASE_URL)`, '']
  const module = dialect === 'postgres' ? 'pg' : 'mysql2/promise'
  return (
    `import { dbLockDriver } from '@escapement/lock-db'; import ${library} from '${module}'; const pool = ${pool}; ` +
    `await dbLockDriver(pool, { prefix: '${prefix}'${options} }).renewMany([]); await pool.end()`
  )
}

/** A text as JavaScript that a shell leaves alone between double quotes. */
function shellSafe(text: string): string {
  return /^\w+$/.test(text) ? `'${text}'` : `decodeURIComponent('${encodeURIComponent(text).replaceAll("'", '%27')}')`
}
