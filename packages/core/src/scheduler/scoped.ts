/** Something that was read, and how far it reaches. */
export type Scoped<Read> = Read & {
  /** `instance`: in lock-only mode, what this instance knows. Absent: everything that the store holds. */
  readonly scope?: 'instance'
}

/** Marks what is read in lock-only mode as this instance's own. */
export function scoping(isLockOnly: boolean): <Read extends object>(read: Read) => Scoped<Read> {
  return isLockOnly ? (read) => ({ ...read, scope: 'instance' }) : (read) => read
}
