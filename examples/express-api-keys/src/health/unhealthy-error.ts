/** Something that the service needs does not work; the message lists all that is bad. */
export class UnhealthyError extends Error {
  override readonly name: string = 'UnhealthyError'
}
