import { DatabaseUnusableError } from '../error/database-unusable-error.ts'
import type { IdentifyOptions } from '../server/server-family.ts'

/** The least versions: `SKIP LOCKED` on MariaDB, checked constraints on MySQL. */
const LEAST = { mariadb: [10, 6, 0], mysql: [8, 0, 16] } as const
const NAMES = { mariadb: 'MariaDB', mysql: 'MySQL' } as const

/** Which of the two it is, from what VERSION() answers. Refuses one that is too old. */
export function checkMysqlVersion(version: string, place: string): 'mysql' | 'mariadb' {
  const dialect = /mariadb/i.test(version) ? 'mariadb' : 'mysql'
  // MariaDB may put `5.5.5-` before its version, for old replicas.
  const [, ...parts] = /^(?:5\.5\.5-)?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version) ?? []
  const least = LEAST[dialect]
  if (
    parts.length > 0 &&
    compare(
      parts.map((part) => Number(part ?? 0)),
      least,
    ) >= 0
  )
    return dialect
  throw new DatabaseUnusableError(
    `${place} is ${NAMES[dialect]} ${version}; Escapement needs ${least.join('.')} or later: upgrade the server`,
  )
}

function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((part, index) => part !== other[index])
  return at === -1 ? 0 : (one[at] ?? 0) - (other[at] ?? 0)
}

/** Modes that change what is stored or what a text means, and that no statement can do without. */
const REFUSED_MODES = ['ORACLE', 'EMPTY_STRING_IS_NULL', 'PAD_CHAR_TO_FULL_LENGTH']

/** Refuses sessions in which statements would mean something else. */
export function checkMysqlSettings(
  { mode, autocommit, charset }: { readonly mode: string; readonly autocommit: unknown; readonly charset: string },
  { place, isInterpolating }: IdentifyOptions,
): void {
  const modes = mode.split(',')
  const refused = [...REFUSED_MODES, ...(isInterpolating ? ['NO_BACKSLASH_ESCAPES'] : [])].find((each) =>
    modes.includes(each),
  )
  if (refused !== undefined) {
    const instead = refused === 'NO_BACKSLASH_ESCAPES' ? ', or pass the pool instead of the Kysely' : ''
    throw new DatabaseUnusableError(`${place}: sql_mode has ${refused}; take it out of the pool's sessions${instead}`)
  }
  if (Number(autocommit) !== 1) {
    throw new DatabaseUnusableError(`${place}: autocommit is off; turn it on in the pool's sessions`)
  }
  if (charset !== 'utf8mb4') {
    throw new DatabaseUnusableError(`${place}: the pool's charset is ${charset}; set its option charset to "utf8mb4"`)
  }
}
