import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where Debian and Ubuntu keep the programs of PostgreSQL, which they do not put on the path. */
const POSTGRES_FOLDER = '/usr/lib/postgresql'

/** Full paths of the programs by name, all from one folder where one has them all; null: not all are here. */
export function findPrograms(names: readonly string[]): ReadonlyMap<string, string> | null {
  const folders = [...postgresFolders(), ...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  const whole = folders.find((folder) => names.every((name) => isProgram(join(folder, name))))
  const found = new Map<string, string>()
  for (const name of names) {
    const folder = whole ?? folders.find((each) => isProgram(join(each, name)))
    if (folder === undefined) return null
    found.set(name, join(folder, name))
  }
  return found
}

/** The newest version first. */
function postgresFolders(): string[] {
  try {
    const versions = readdirSync(POSTGRES_FOLDER).toSorted((a, b) => Number(b) - Number(a))
    return versions.map((version) => join(POSTGRES_FOLDER, version, 'bin'))
  } catch {
    return [] // none is installed that way
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
