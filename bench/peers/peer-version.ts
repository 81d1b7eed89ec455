import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const resolver = createRequire(import.meta.url)

/** The version of a package that is installed here. */
export function versionOf(name: string): string {
  for (let folder = dirname(resolver.resolve(name)); folder !== dirname(folder); folder = dirname(folder)) {
    const described = packageIn(folder)
    if (described?.name === name && described.version !== undefined) return described.version
  }
  throw new Error(`the version of ${name} is not to be found beside its code`)
}

function packageIn(folder: string): { readonly name?: string; readonly version?: string } | null {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string; version?: string }
  } catch {
    return null // not every folder has one
  }
}
