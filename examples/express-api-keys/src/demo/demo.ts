import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { openDatabase } from '../database/open-database.ts'
import type { Database } from '../database/schema.ts'
import { UsageUpstream } from '../stand-ins/usage-upstream.ts'
import { WebhookReceiver } from '../stand-ins/webhook-receiver.ts'
import type { DemoOptions } from './demo-options.ts'
import { ExecutionTable } from './execution-table.ts'
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
  #instances: InstanceProcess[] = []

  constructor(options: DemoOptions, databaseFile: string) {
    this.#options = options
    this.#databaseFile = databaseFile
  }

  /** Resolves when everything has stopped: after the duration, or after {@link Demo.stop}. */
  async run(): Promise<void> {
    const { signal } = this.#stopping
    const [upstreamUrl, receiverUrl] = await Promise.all([this.#upstream.start(), this.#receiver.start()])
    const db = openDatabase(this.#databaseFile)
    try {
      const { active, expiringSoon } = await seed(db, Date.now())
      this.#receiver.refuse(expiringSoon)
      const urls = await this.#startInstances(upstreamUrl, receiverUrl)
      this.#printIntroduction(urls, upstreamUrl)
      await Promise.race([
        this.#livenUntilStopped(active, expiringSoon),
        ...(this.#options.durationMs === null ? [] : [wait(this.#options.durationMs, signal)]),
        Promise.all(this.#instances.map((instance) => instance.exited)),
      ])
    } finally {
      this.stop()
      await this.#windUp(db)
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
          if (!this.#stopping.signal.aborted) console.log(`  ${name} has ended; the others take over its work`)
        })
        return await listening.promise
      }),
    )
  }

  #take(instance: string, entry: LogEntry): void {
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

  #printIntroduction(urls: readonly string[], upstreamUrl: URL): void {
    const [url] = urls
    const lines = [
      'Escapement demo: a service that manages API keys, with four scheduled jobs on one SQLite file',
      '',
      ...this.#instances.map((instance, index) => `  ${instance.name}  ${urls[index]}  pid ${instance.pid}`),
      `  database    ${this.#databaseFile}`,
      `  jobs        curl -H 'Authorization: Bearer ${this.#adminToken}' ${url}/scheduler/jobs`,
      `  break it    curl -X PUT -d down ${upstreamUrl.href}fault    (down, slow, garbage, none)`,
      '',
      'The schedules are sped up:',
      ...Object.values(SPED_UP).map(({ job, says }) => `  ${job.padEnd(16)}  ${says}`),
      `One reminder is refused for ${REFUSES_FOR_MS / 1_000} s, to show that it holds no other up.`,
      '',
      this.#options.durationMs === null
        ? 'Ctrl-C stops it. Times are UTC.'
        : `It ends by itself after ${this.#options.durationMs / 1_000} s. Times are UTC.`,
      '',
    ]
    console.log(lines.join('\n'))
    this.#table.printHead()
  }

  async #windUp(db: Database): Promise<void> {
    console.log('\nstopping …')
    await Promise.all(this.#instances.map((instance) => instance.stop()))
    await Promise.all([this.#upstream.stop(), this.#receiver.stop(), db.destroy()])
    const reminders = this.#receiver.delivered.length
    console.log(`${this.#tally.summary}\n${reminders} reminders were delivered in ${this.#receiver.requests} requests`)
  }
}

/** Waits, or less long when the signal fires. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined)
}
