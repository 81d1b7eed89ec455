/** Where Escapement writes what operators should know. `console` fits; so does any logger behind four small functions. */
export interface Logger {
  debug(message: string, fields?: object): void
  info(message: string, fields?: object): void
  warn(message: string, fields?: object): void
  error(message: string, fields?: object): void
}

/** Writes warnings and errors to the console and drops the rest: the default. */
export const quietLogger: Logger = Object.freeze({
  debug: () => undefined,
  info: () => undefined,
  warn: (message: string, fields?: object) =>
    fields === undefined ? console.warn(message) : console.warn(message, fields),
  error: (message: string, fields?: object) =>
    fields === undefined ? console.error(message) : console.error(message, fields),
})
