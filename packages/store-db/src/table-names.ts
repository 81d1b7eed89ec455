/** The tables of the component `jobs`, without their prefix. */
export const JOB_TABLES = [
  'attempts',
  'bulk_actions',
  'executions',
  'fences',
  'handlers',
  'instances',
  'job_revisions',
  'jobs',
  'queues',
  'settings',
  'spans',
  'stats',
  'unsettled',
] as const

/** Full table names by their plain ones. The prefix was checked: they can stand in SQL as they are. */
export type TableNames = Readonly<Record<(typeof JOB_TABLES)[number], string>> & { readonly prefix: string }

/**
 * @param prefix - Checked by `tablePrefix` of `@escapement/db`.
 * @param qualified - The name of a table as it stands in SQL; by default as it is.
 */
export function tableNames(prefix: string, qualified: (name: string) => string = (name) => name): TableNames {
  const names = Object.fromEntries(JOB_TABLES.map((name) => [name, qualified(prefix + name)]))
  return { ...(names as Record<(typeof JOB_TABLES)[number], string>), prefix }
}
