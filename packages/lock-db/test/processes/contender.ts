/** Contends for keys of a database: see `runContest`. */
import { dbMutex } from '@escapement/lock-db'
import { contend, silentLogger } from '@escapement/testkit/contest'
import { openContended } from './contended-database.ts'

const [, , place = ''] = process.argv
const database = openContended(place)
const mutex = dbMutex(database.locks, { logger: silentLogger })
await contend({ mutex, write: ({ key, fence }) => database.write(key, fence) })
