/** A request cannot be served; `status` and message go to the client. */
export class HttpError extends Error {
  override readonly name: string = 'HttpError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}
