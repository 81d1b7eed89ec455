/** A case asked for something that a peer does not have, so that the case says nothing about it. */
export class CannotBeAsked extends Error {
  override readonly name: string = 'CannotBeAsked'
}

/** Hears what could not be asked in one case, also when the case takes the error for another one. */
export class Questions {
  #reason: string | undefined

  /** The first thing that could not be asked. */
  get reason(): string | undefined {
    return this.#reason
  }

  /** Notes that `reason`, and answers what is to be thrown. */
  refuse(reason: string): CannotBeAsked {
    this.#reason ??= reason
    return new CannotBeAsked(reason)
  }
}
