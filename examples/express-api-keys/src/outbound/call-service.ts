import { ServiceError } from './service-error.ts'

/** A call of another service. */
export interface ServiceCall {
  /** What the service is called in error messages. */
  readonly service: string
  readonly url: URL
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: object
  /** The whole answer has to be there within this time. */
  readonly timeoutMs: number
  /** Ends the call early. */
  readonly signal: AbortSignal
}

/**
 * Calls another service and returns the text of its answer.
 *
 * @throws {@link ServiceError} when it is down, slow or refuses; the signal's reason once the signal has fired.
 */
export async function callService(call: ServiceCall): Promise<string> {
  const { service, url, method = 'GET', timeoutMs, signal } = call
  const deadline = AbortSignal.timeout(timeoutMs)
  const who = `${service} at ${url.origin}${url.pathname}`
  try {
    const response = await fetch(url, {
      method,
      headers: { ...call.headers, ...(call.body !== undefined && { 'content-type': 'application/json' }) },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal: AbortSignal.any([signal, deadline]),
    })
    const text = await response.text()
    if (!response.ok) throw new ServiceError(`${who} answered ${response.status}: ${text.slice(0, 200)}`)
    return text
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ServiceError) throw error
    if (deadline.aborted) throw new ServiceError(`${who} did not answer within ${timeoutMs} ms`, { cause: error })
    throw new ServiceError(`${who} cannot be reached: ${reasonOf(error)}`, { cause: error })
  }
}

/** `fetch` hides what happened in the cause of its error. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  return cause.message || ('code' in cause ? String(cause.code) : cause.name)
}
