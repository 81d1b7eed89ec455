import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Reminder } from '../reminders/reminder-client.ts'
import { StandInServer } from './stand-in-server.ts'

/** Receives reminders, and acts on each id once however often it comes. `GET` shows what was delivered. */
export class WebhookReceiver extends StandInServer {
  readonly #delivered = new Map<string, Reminder>()
  readonly #refused = new Set<string>()
  #requests = 0
  #beforeAnswer: (reminder: Reminder) => Promise<void> | void = () => undefined

  /** Every reminder that was acted on, in the order in which they came. */
  get delivered(): readonly Reminder[] {
    return [...this.#delivered.values()]
  }

  /** How many requests came in, repeated ones included. */
  get requests(): number {
    return this.#requests
  }

  /** Refuses reminders of this key. */
  refuse(keyId: string): void {
    this.#refused.add(keyId)
  }

  accept(keyId: string): void {
    this.#refused.delete(keyId)
  }

  /** Calls `hook` when a reminder has been delivered and its sender does not know yet. */
  beforeAnswer(hook: (reminder: Reminder) => Promise<void> | void): void {
    this.#beforeAnswer = hook
  }

  protected override async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(this.delivered))
      return
    }
    this.#requests++
    const reminder = JSON.parse((await request.setEncoding('utf8').toArray()).join('')) as Reminder
    if (this.#refused.has(reminder.keyId)) {
      response.writeHead(422).end('no such recipient')
      return
    }
    const key = String(request.headers['idempotency-key'])
    if (!this.#delivered.has(key)) this.#delivered.set(key, reminder)
    await this.#beforeAnswer(reminder)
    response.writeHead(204).end()
  }
}
