import { LOST, networkFault } from '../server/network-fault.ts'
import type { ServerFault } from '../server/server-fault.ts'

const RUN_OUT: ServerFault = {
  kind: 'unavailable',
  advice: 'the server has run out of something: free some, then try again',
}
const CONNECTIONS: ServerFault = {
  kind: 'unavailable',
  advice: 'make pools smaller or raise max_connections, then try again',
}
const READ_ONLY: ServerFault = {
  kind: 'unavailable',
  advice: 'the server is read-only: connect to the primary, then try again',
}
const ENDED: ServerFault = {
  kind: 'unavailable',
  advice: 'a time limit or an administrator ended the statement: try again',
}
const CONFLICT: ServerFault = { kind: 'conflict', advice: 'try again' }
const CREDENTIALS: ServerFault = {
  kind: 'unusable',
  advice: 'correct user and password, or see the host that the account is for',
}
const RIGHT: ServerFault = { kind: 'unusable', advice: 'have an administrator GRANT the right to this account' }
const MIGRATE: ServerFault = { kind: 'unusable', advice: "migrate the tables, with migrate: 'auto'" }

/** By number (https://dev.mysql.com/doc/mysql-errors/8.0/en/ and https://mariadb.com/kb/en/mariadb-error-codes/). */
const FAULTS: Readonly<Record<number, ServerFault>> = {
  1021: RUN_OUT,
  1037: RUN_OUT,
  1041: RUN_OUT,
  1114: RUN_OUT,
  1040: CONNECTIONS,
  1203: CONNECTIONS,
  1226: CONNECTIONS,
  1461: {
    kind: 'unavailable',
    advice: 'raise max_prepared_stmt_count, or set preparedStatements: false, then try again',
  },
  1047: { kind: 'unavailable', advice: 'the node has not joined its cluster: try again' },
  1053: LOST,
  1077: LOST,
  1079: LOST,
  1080: LOST,
  1158: LOST,
  1159: LOST,
  1160: LOST,
  1161: LOST,
  1927: LOST,
  4031: LOST,
  1290: READ_ONLY,
  1792: READ_ONLY,
  1836: READ_ONLY,
  1317: ENDED,
  1969: ENDED,
  3024: ENDED,
  1020: CONFLICT,
  1205: CONFLICT,
  1213: CONFLICT,
  3572: CONFLICT,
  1044: { kind: 'unusable', advice: 'have an administrator GRANT this account rights on the database' },
  1045: CREDENTIALS,
  1130: CREDENTIALS,
  1251: CREDENTIALS,
  1698: CREDENTIALS,
  1820: CREDENTIALS,
  1862: CREDENTIALS,
  3118: CREDENTIALS,
  4151: CREDENTIALS,
  1049: { kind: 'unusable', advice: 'create the database, or correct its name' },
  1046: { kind: 'unusable', advice: 'name the database in the options of the pool' },
  1142: RIGHT,
  1143: RIGHT,
  1227: RIGHT,
  1370: RIGHT,
  1054: MIGRATE,
  1146: MIGRATE,
  1153: { kind: 'unusable', advice: 'raise max_allowed_packet' },
  1665: { kind: 'unusable', advice: 'set binlog_format to ROW or MIXED' },
}

/** Errors of `mysql2` itself, by code or message. */
const MESSAGES: readonly (readonly [RegExp, ServerFault])[] = [
  [/Pool is closed/, { kind: 'unusable', advice: 'the pool has been closed: open another' }],
  [/No connections available|Queue limit reached/, CONNECTIONS],
  [/PROTOCOL_CONNECTION_LOST|PROTOCOL_SEQUENCE_TIMEOUT|Connection lost|in closed state/, LOST],
]

/** Reads an error of `mysql2`. */
export function mysqlFault(error: unknown): ServerFault | null {
  if (typeof error !== 'object' || error === null) return null
  const { code, errno, message } = error as { code?: unknown; errno?: unknown; message?: unknown }
  if (errno === 1062 || errno === 1586) {
    const key = /for key '([^']*)'/.exec(String(message))?.[1]
    return { kind: 'unique', advice: 'the row is there already', ...(key === undefined ? {} : { constraint: key }) }
  }
  const known = typeof errno === 'number' ? FAULTS[errno] : undefined
  if (known !== undefined) return known
  const text = `${String(code)} ${String(message)}`
  return networkFault(error) ?? MESSAGES.find(([pattern]) => pattern.test(text))?.[1] ?? null
}
