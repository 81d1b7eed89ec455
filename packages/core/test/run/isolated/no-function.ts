/** A module that is no handler. */
export const settings = { answer: 42 }
