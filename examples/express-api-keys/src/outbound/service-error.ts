/** Another service could not be reached, did not answer in time, or answered what is of no use. */
export class ServiceError extends Error {
  override readonly name: string = 'ServiceError'
}
