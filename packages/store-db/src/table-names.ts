/** The tables of the component `jobs`, without their prefix. */
const NAMES = [
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
] as const

/** Full table names by their plain ones. The prefix was checked: they can stand in SQL as they are. */
export type TableNames = Readonly<Record<(typeof NAMES)[number], string>> & { readonly prefix: string }

/** @param prefix - Checked by `tablePrefix` of `@escapement/db`. */
export function tableNames(prefix: string): TableNames {
  const names = Object.fromEntries(NAMES.map((name) => [name, prefix + name])) as Record<(typeof NAMES)[number], string>
  return { ...names, prefix }
}
