export { openSqlite, pgNotify } from '@escapement/db'
export type { DbLockOptions, DbMutexOptions, LockDb } from './db-mutex.ts'
export { dbLockDriver, dbMutex } from './db-mutex.ts'
export { whereFence } from './where-fence.ts'
