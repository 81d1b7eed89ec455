/** What the table of the locks is called in the record of migrations. */
export const LOCK_COMPONENT = 'locks'
