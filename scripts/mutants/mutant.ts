/** An exact replacement in one file. */
interface Fault {
  /** From the root of the repository. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly from: string
  readonly to: string
}

/** A fault that a test must notice. */
export interface Mutant {
  /** What is wrong, in a few words. */
  readonly name: string
  /** The rule or promise that it breaks: a test whose title names it must fail. */
  readonly breaks: `rule ${number}` | `promise ${number}`
  readonly faults: readonly Fault[]
  /** Test files, from the root of the repository. */
  readonly tests: readonly string[]
}
