import { describe, expect, it } from 'vitest'
import { hostTransactionError, type ServerDialect } from '../../src/index.ts'

type Case = readonly [ServerDialect, object]
const postgres = (code: string): Case => ['postgres', { code, message: 'no' }]
const mysql = (errno: number): Case => ['mysql', { code: 'ER_X', errno, message: 'no' }]
const UNAVAILABLE = { code: 'ERR_DATABASE_UNAVAILABLE', retryable: true }
const UNUSABLE = { code: 'ERR_DATABASE_UNUSABLE', retryable: false }
const CONFLICT = { code: 'ERR_DATABASE_CONFLICT', retryable: true }

describe.each<readonly [string, object, readonly Case[]]>([
  [
    'unavailable',
    UNAVAILABLE,
    ['08006', '08P01', '53300', '53100', '57P01', '57P02', '57P03', '57014', '58030', '25006', '25P03', '40003'].map(
      (code) => postgres(code),
    ),
  ],
  ['in conflict', CONFLICT, ['40001', '40P01', '55P03'].map((code) => postgres(code))],
  [
    'unusable',
    UNUSABLE,
    ['28P01', '28000', '3D000', '3F000', '42501', '42P01', '42703', '26000', '42P05'].map((code) => postgres(code)),
  ],
  [
    'unavailable',
    UNAVAILABLE,
    [1040, 1053, 1203, 1290, 1317, 1461, 1792, 1836, 1927, 1969, 3024, 4031].map((errno) => mysql(errno)),
  ],
  ['in conflict', CONFLICT, [1020, 1205, 1213, 3572].map((errno) => mysql(errno))],
  [
    'unusable',
    UNUSABLE,
    [1044, 1045, 1049, 1054, 1130, 1142, 1143, 1146, 1227, 1665, 1698].map((errno) => mysql(errno)),
  ],
])('%s', (_what, expected, cases) => {
  it.each(cases)('is what %s means by %o', (dialect, error) => {
    expect(hostTransactionError(error, dialect)).toMatchObject({ ...expected, cause: error })
  })
})

it.each([
  ['postgres', new Error('Connection terminated unexpectedly'), UNAVAILABLE],
  ['postgres', new Error('timeout exceeded when trying to connect'), UNAVAILABLE],
  ['postgres', new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'), UNUSABLE],
  [
    'mysql',
    Object.assign(new Error('Connection lost: The server closed the connection.'), {
      code: 'PROTOCOL_CONNECTION_LOST',
    }),
    UNAVAILABLE,
  ],
  ['mysql', new Error("Can't add new command when connection is in closed state"), UNAVAILABLE],
  ['mysql', new Error('Queue limit reached.'), UNAVAILABLE],
  ['postgres', Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' }), UNAVAILABLE],
  ['mysql', Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND', errno: -3008 }), UNAVAILABLE],
] as const)('of the driver for %s itself: %s', (dialect, error, expected) => {
  expect(hostTransactionError(error, dialect)).toMatchObject(expected)
})

it('rule 24: an error of the host, or one of no kind, is passed through as it is', () => {
  const mistake = new TypeError('not a function')
  const syntax = { code: '42601', message: 'syntax error' }
  expect(hostTransactionError(mistake, 'postgres')).toBe(mistake)
  expect(hostTransactionError(mistake, 'mysql')).toBe(mistake)
  expect(hostTransactionError(syntax, 'postgres')).toBe(syntax)
  expect(hostTransactionError(null, 'mariadb')).toBeNull()
})

it('a unique key is named as the server names it', () => {
  const postgresError = { code: '23505', message: 'duplicate key', constraint: 'jobs_pkey' }
  const mysqlError = { code: 'ER_DUP_ENTRY', errno: 1062, message: "Duplicate entry 'a' for key 'jobs.PRIMARY'" }
  expect(hostTransactionError(postgresError, 'postgres')).toMatchObject({
    code: 'ERR_UNIQUE_VIOLATION',
    constraint: 'jobs_pkey',
  })
  expect(hostTransactionError(mysqlError, 'mariadb')).toMatchObject({ constraint: 'jobs.PRIMARY', retryable: false })
})
