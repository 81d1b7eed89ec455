import { z } from 'zod'
import { callService } from '../outbound/call-service.ts'
import { ServiceError } from '../outbound/service-error.ts'

/** Requests made with one key. `at` in Unix milliseconds; `sequence` only grows. */
export interface UsageRecord {
  readonly sequence: number
  readonly keyId: string
  readonly requests: number
  readonly at: number
}

/** One answer of the usage service. */
export interface UsagePage {
  readonly records: readonly UsageRecord[]
  /** Whether more is to be had behind the last record. */
  readonly hasMore: boolean
}

const usageRecord: z.ZodType<UsageRecord> = z.object({
  sequence: z.int().positive(),
  keyId: z.string().min(1).max(100),
  requests: z.int().nonnegative(),
  at: z.int().nonnegative(),
})

const usagePage: z.ZodType<UsagePage> = z
  .object({ records: z.array(usageRecord).max(10_000), hasMore: z.boolean() })
  .refine((page) => page.records.length > 0 || !page.hasMore, 'hasMore without records would never end')

const PAGE_SIZE = 500

/** Reads from the upstream service that counts requests. */
export class UsageClient {
  readonly #url: URL
  readonly #timeoutMs: number

  /** @param url - Base of the service; what it serves lies below. */
  constructor(url: URL, timeoutMs: number) {
    this.#url = new URL(url.href.replace(/\/?$/, '/'))
    this.#timeoutMs = timeoutMs
  }

  /**
   * The records behind `position`, in their order.
   *
   * @throws {@link ServiceError} when the service is down, slow, or answers what is not usage.
   */
  async readAfter(position: number, signal: AbortSignal): Promise<UsagePage> {
    const url = new URL('usage', this.#url)
    url.searchParams.set('after', String(position))
    url.searchParams.set('limit', String(PAGE_SIZE))
    const text = await callService({ service: 'usage service', url, timeoutMs: this.#timeoutMs, signal })
    const page = this.#parse(text)
    let last = position
    for (const { sequence } of page.records) {
      if (sequence <= last)
        throw new ServiceError(`usage service answered sequence ${sequence} behind ${last}; it has to grow`)
      last = sequence
    }
    return page
  }

  /** Whether the service answers at all. @throws {@link ServiceError} when it does not. */
  async ping(signal: AbortSignal): Promise<void> {
    await callService({
      service: 'usage service',
      url: new URL('health', this.#url),
      timeoutMs: this.#timeoutMs,
      signal,
    })
  }

  #parse(text: string): UsagePage {
    const answered = (what: string): ServiceError =>
      new ServiceError(
        `usage service at ${this.#url.origin} answered what is not usage: ${what}; it begins with ${JSON.stringify(text.slice(0, 60))}`,
      )
    let body: unknown
    try {
      body = JSON.parse(text)
    } catch {
      throw answered('no JSON')
    }
    const { data, error } = usagePage.safeParse(body)
    if (data !== undefined) return data
    const [issue] = error.issues
    throw answered(`${issue?.path.join('.') || 'body'}: ${issue?.message}`)
  }
}
