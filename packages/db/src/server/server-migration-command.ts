/**
 * A shell command that migrates the tables of a server, to be run in a folder from which the packages that `script`
 * imports are found.
 *
 * @param script - An ES module that brings the tables of the database at the URL `process.env.DATABASE_URL` up to date;
 *   without `"`, `$`, `\`` and `\\`, which mean something between double quotes.
 * @param place - Which database where; the URL itself is not known, and would hold a password.
 */
export function serverMigrationCommand(script: string, place: string): string {
  return `node --input-type=module -e "${script}"\n(with DATABASE_URL set to the URL of ${place}, for an account that may create tables)`
}
