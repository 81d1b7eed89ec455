/** The environment holds values that cannot be used; the message lists all of them with their names. */
export class EnvironmentError extends Error {
  override readonly name: string = 'EnvironmentError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`the environment is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    this.problems = problems
  }
}
