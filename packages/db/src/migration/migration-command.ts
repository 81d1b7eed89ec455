/** The path of the open file; empty for a database in memory. */
export const SQLITE_PATH_SQL = "SELECT file FROM pragma_database_list WHERE name = 'main'"

/**
 * A shell command that migrates a file, to be run in a folder from which the packages that `script` imports are found.
 *
 * @param script - An ES module that brings the tables of `process.argv[1]` up to date; without `"`, `$`, `\`` and `\\`,
 *   which mean something between double quotes.
 * @param file - Any path; no shell reads anything into it.
 */
export function migrationCommand(script: string, file: string): string {
  const quoted = process.platform === 'win32' ? `"${file}"` : `'${file.replaceAll("'", String.raw`'\''`)}'`
  return `node --input-type=module -e "${script}" ${quoted}`
}
