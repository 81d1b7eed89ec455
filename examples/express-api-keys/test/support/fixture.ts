import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quietLogger, type Runtime } from '@escapement/base'
import { type AnyJob, createScheduler, type ExecutionDetail, type Scheduler } from '@escapement/core'
import { type DatabaseAddress, openDatabase } from '../../src/database/open-database.ts'
import type { OpenedDatabase } from '../../src/database/opened-database.ts'
import type { ApiKeyRow, Database } from '../../src/database/schema.ts'
import { UsageUpstream } from '../../src/stand-ins/usage-upstream.ts'
import { WebhookReceiver } from '../../src/stand-ins/webhook-receiver.ts'
import { fastRuntime } from './fast-runtime.ts'

/** Monday 1 June 2026, 09:00 UTC. */
export const NOW: number = Date.parse('2026-06-01T09:00:00.000Z')

/** A real database and real neighbours, in a folder and on ports of their own. */
export class Fixture implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'express-api-keys-'))
  readonly databaseFile: string = join(this.folder, 'api-keys.db')
  readonly db: Database
  readonly upstream: UsageUpstream = new UsageUpstream()
  readonly receiver: WebhookReceiver = new WebhookReceiver()
  readonly runtime: Runtime = fastRuntime(NOW)
  readonly #schedulers: Scheduler[] = []
  readonly #database: OpenedDatabase

  private constructor(address: DatabaseAddress | null) {
    this.#database = openDatabase(address ?? { kind: 'sqlite', file: this.databaseFile }, quietLogger)
    this.db = this.#database.db
  }

  /** @param address - A database of a server, which is emptied. Default: a file of its own. */
  static async open(address: DatabaseAddress | null = null): Promise<Fixture> {
    const fixture = new Fixture(address)
    await fixture.#database.createTables()
    if (address !== null) await fixture.#empty()
    return fixture
  }

  /** A scheduler that runs this job alone, in memory. */
  async scheduler(job: AnyJob): Promise<Scheduler> {
    // Its clock is fast, and the machine may be busy: a lease that nothing can cost it.
    const scheduler = createScheduler({ jobs: [job], runtime: this.runtime, lease: '1h' })
    this.#schedulers.push(scheduler)
    await scheduler.start()
    return scheduler
  }

  /** Runs the job once and answers how that ended, retries included. */
  async run(job: AnyJob): Promise<ExecutionDetail> {
    const scheduler = await this.scheduler(job)
    const { id } = await scheduler.enqueue(job)
    await scheduler.wait(id)
    const detail = await scheduler.execution(id)
    if (detail === null) throw new Error(`execution ${id} is gone`)
    return detail
  }

  async addKey(id: string, fields: Partial<ApiKeyRow> = {}): Promise<void> {
    await this.db
      .insertInto('api_keys')
      .values({
        id,
        owner: 'ada',
        name: `name of ${id}`,
        secret_hash: `hash of ${id}`,
        hint: 'sk_123456',
        created_at: NOW - 1_000,
        rotated_at: null,
        expires_at: null,
        disabled_at: null,
        revoked_at: null,
        ...fields,
      })
      .execute()
  }

  async #empty(): Promise<void> {
    for (const table of ['api_keys', 'sessions', 'reminders'] as const) await this.db.deleteFrom(table).execute()
    await this.db.updateTable('usage_cursor').set({ position: 0, synced_at: null }).execute()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#schedulers.map((scheduler) => scheduler.stop()))
    await Promise.all([this.upstream.stop(), this.receiver.stop(), this.#database.close()])
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** The ticks that a job is due on, as ISO text, in [from, to]. */
export async function ticksOf(scheduler: Scheduler, job: AnyJob, from: number, to: number): Promise<string[]> {
  const ticks = await scheduler.ticks(job, { from, to })
  return ticks.map(({ scheduledFor }) => new Date(scheduledFor).toISOString())
}
