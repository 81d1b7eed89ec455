import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { quietLogger } from '@escapement/base'
import { openDatabase } from '../database/open-database.ts'
import type { OpenedDatabase } from '../database/opened-database.ts'
import { UsageUpstream } from '../stand-ins/usage-upstream.ts'
import { WebhookReceiver } from '../stand-ins/webhook-receiver.ts'
import type { DemoOptions } from './demo-options.ts'
import { ExecutionTable } from './execution-table.ts'
import { introduction } from './introduction.ts'
import { InstanceProcess, type LogEntry } from './instance-process.ts'
import { seed } from './seed.ts'
import { SPED_UP } from './sped-up-schedules.ts'
import { TickTally } from './tick-tally.ts'

/** One reminder is refused at first, to show that it holds no other up. */
const REFUSES_FOR_MS = 15_000

/** Runs the service in processes of their own, beside stand-ins for the services that it calls, and shows what they do. */
export class Demo {
  readonly #options: DemoOptions
  readonly #databaseFile: string
  readonly #adminToken: string = randomBytes(24).toString('base64url')
  readonly #upstream = new UsageUpstream()
  readonly #receiver = new WebhookReceiver()
  readonly #table = new ExecutionTable()
  readonly #tally = new TickTally()
  readonly #stopping = new AbortController()
  readonly #instances: InstanceProcess[] = []
  /** What instances said before the introduction was printed; null afterwards. */
  #early: (readonly [instance: string, entry: LogEntry])[] | null = []

  constructor(options: DemoOptions, databaseFile: string) {
    this.#options = options
    this.#databaseFile = databaseFile
  }

  /** Resolves when everything has stopped: after the duration, or after {@link Demo.stop}. */
  async run(): Promise<void> {
    const { signal } = this.#stopping
    const [upstreamUrl, receiverUrl] = await Promise.all([this.#upstream.start(), this.#receiver.start()])
    const database = openDatabase({ kind: 'sqlite', file: this.#databaseFile }, quietLogger)
    try {
      await database.createTables()
      const { active, expiringSoon } = await seed(database.db, Date.now())
      this.#receiver.refuse(expiringSoon)
      const urls = await this.#startInstances(upstreamUrl, receiverUrl)
      this.#introduce(urls, upstreamUrl)
      await Promise.race([
        this.#livenUntilStopped(active, expiringSoon),
        ...(this.#options.durationMs === null ? [] : [wait(this.#options.durationMs, signal)]),
        Promise.all(this.#instances.map((instance) => instance.exited)),
      ])
    } finally {
      this.stop()
      await this.#windUp(database)
    }
  }

  /** Lets everything stop; {@link Demo.run} resolves when it has. */
  stop(): void {
    this.#stopping.abort()
  }

  /** Ends the instances at once. */
  kill(): void {
    for (const instance of this.#instances) instance.kill()
  }

  /** @returns The URLs at which the instances listen. */
  async #startInstances(upstreamUrl: URL, receiverUrl: URL): Promise<string[]> {
    const schedules = Object.values(SPED_UP).map(({ variable, pattern }) => [variable, pattern] as const)
    const environment = {
      DATABASE_FILE: this.#databaseFile,
      DATABASE_URL: '',
      USAGE_URL: upstreamUrl.href,
      WEBHOOK_URL: new URL('reminders', receiverUrl).href,
      SERVICE_TIMEOUT: '2s',
      ADMIN_TOKEN: this.#adminToken,
      ...Object.fromEntries(schedules),
    }
    return await Promise.all(
      Array.from({ length: this.#options.instances }, async (_, index) => {
        const name = `instance-${index + 1}`
        const listening = Promise.withResolvers<string>()
        const instance = new InstanceProcess(
          name,
          { ...environment, PORT: String(index === 0 ? this.#options.port : 0) },
          (entry) => {
            if (entry.message === 'listening') listening.resolve(String(entry['url']))
            this.#take(name, entry)
          },
        )
        this.#instances.push(instance)
        void instance.exited.then(() => {
          listening.reject(new Error(`${name} ended before it listened; what it said stands above`))
          if (!this.#stopping.signal.aborted) console.log(`  ${name} has ended; if others run, they take over its work`)
        })
        return await listening.promise
      }),
    )
  }

  #take(instance: string, entry: LogEntry): void {
    if (this.#early !== null) {
      this.#early.push([instance, entry])
      return
    }
    this.#table.take(instance, entry)
    this.#tally.take(instance, entry)
  }

  /** Uses the keys, so that there is usage to sync. */
  async #livenUntilStopped(active: readonly string[], refused: string): Promise<void> {
    const { signal } = this.#stopping
    const since = Date.now()
    while (!signal.aborted) {
      for (const keyId of active) {
        if (Math.random() < 0.3) this.#upstream.record(keyId, 1 + Math.floor(Math.random() * 20), Date.now())
      }
      if (Date.now() - since > REFUSES_FOR_MS) this.#receiver.accept(refused)
      await wait(1_000, signal)
    }
  }

  #introduce(urls: readonly string[], upstreamUrl: URL): void {
    const text = introduction({
      instances: this.#instances.map(({ name, pid }, index) => ({ name, pid, url: urls[index] ?? '' })),
      databaseFile: this.#databaseFile,
      adminToken: this.#adminToken,
      upstreamUrl,
      refusesForMs: REFUSES_FOR_MS,
      durationMs: this.#options.durationMs,
    })
    console.log(text)
    this.#table.printHead()
    const early = this.#early ?? []
    this.#early = null
    for (const [instance, entry] of early) this.#take(instance, entry)
  }

  async #windUp(database: OpenedDatabase): Promise<void> {
    console.log('\nstopping …')
    await Promise.all(this.#instances.map((instance) => instance.stop()))
    await Promise.all([this.#upstream.stop(), this.#receiver.stop(), database.close()])
    const reminders = this.#receiver.delivered.length
    console.log(`${this.#tally.summary}\n${reminders} reminders were delivered in ${this.#receiver.requests} requests`)
  }
}

/** Waits, or less long when the signal fires. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined)
}
