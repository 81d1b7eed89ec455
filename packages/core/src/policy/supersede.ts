/** A definition that an instance registers, beside what the store knows of the job. */
export interface DefinitionCase {
  readonly own: { readonly hash: string; readonly version: number | null }
  /** The revision in force; null: the job was never registered. */
  readonly current: { readonly hash: string; readonly version: number | null } | null
  /** Hashes of the job that were ever in force. */
  readonly knownHashes: readonly string[]
  /** Hashes that other live instances have a handler for. */
  readonly liveHashes: readonly string[]
}

/**
 * `keep`: the definition is in force; `adopt`: it is, under a lower version, which is raised; `supersede`: it takes
 * effect in place of the current one; `wait`: another one stays in force.
 */
export type DefinitionVerdict = 'keep' | 'adopt' | 'supersede' | 'wait'

/**
 * Decides between two definitions of one job during a deploy or a rollback (rule 6): an unseen one takes effect; one
 * that was in force before does so again only under a higher version, or when nobody alive registers its successor.
 */
export function judgeDefinition(given: DefinitionCase): DefinitionVerdict {
  const { own, current } = given
  if (current === null) return 'supersede'
  const isHigher = own.version !== null && (current.version === null || own.version > current.version)
  if (own.hash === current.hash) return isHigher ? 'adopt' : 'keep'
  if (isHigher || !given.knownHashes.includes(own.hash)) return 'supersede'
  return given.liveHashes.includes(current.hash) ? 'wait' : 'supersede'
}
