import { systemRuntime } from '@escapement/base'
import { sql } from 'kysely'
import { Pool } from 'pg'
import { HappeningTable } from '../display/happening-table.ts'
import type { Postgres } from '../postgres/find-postgres.ts'
import { createTables } from '../tables/create-tables.ts'
import { openTables, type Database } from '../tables/tables.ts'
import { isAsPromised, readVerdict } from '../verdict/verdict.ts'
import { verdictText } from '../verdict/verdict-text.ts'
import { freezeAct, killAct, rollingRestartAct, type Stage, type Takeover } from './acts.ts'
import { Happenings } from './happenings.ts'
import { introduction } from './introduction.ts'
import { Members } from './members.ts'
import { Shop } from './shop.ts'

/** How long nothing is done to the cluster between two acts. Milliseconds. */
const CALM_MS = 3_000

/** Starts the cluster, does to it what production does, and tells in the end whether all was as promised. */
export class Conductor {
  readonly #rounds: number | null
  readonly #postgres: Postgres
  readonly #stopping = new AbortController()
  readonly #table = new HappeningTable()
  readonly #happenings = new Happenings(this.#stopping.signal)
  readonly #members: Members
  readonly #namespace = `cluster-${systemRuntime.now()}`
  readonly #kills: Takeover[] = []
  readonly #freezes: Takeover[] = []

  /** @param rounds - How often each thing is done; null: until someone stops it. */
  constructor(rounds: number | null, postgres: Postgres) {
    this.#rounds = rounds
    this.#postgres = postgres
    this.#members = new Members({ databaseUrl: postgres.url, namespace: this.#namespace }, this.#happenings)
  }

  /** Resolves when everything has stopped, with whether all was as promised. */
  async run(): Promise<boolean> {
    const { url } = this.#postgres
    const pool = new Pool({ connectionString: url, max: 4 })
    pool.on('error', (error) => this.#table.say(`the conductor has lost a connection: ${error.message}`))
    const db = openTables(pool)
    const shop = new Shop(pool, url, this.#namespace)
    try {
      await createTables(db)
      await this.#members.startMissing()
      return await this.#perform(db, shop)
    } finally {
      await this.#members.stop()
      await shop.close()
      await pool.end()
    }
  }

  /** Lets everything stop; {@link Conductor.run} resolves when it has. */
  stop(): void {
    this.#stopping.abort(new Error('stopped'))
  }

  /** Ends the instances at once. */
  kill(): void {
    this.#members.kill()
  }

  async #perform(db: Database, shop: Shop): Promise<boolean> {
    console.log(introduction(this.#postgres, this.#members.all, this.#rounds))
    this.#table.printHead()
    this.#happenings.listen((happening) => this.#table.take(happening))
    const from = await serverNow(db)
    await this.#performActs(shop)
    const to = await serverNow(db)
    console.log('\n  no more orders; what was asked for is done first …\n')
    await this.#members.startMissing()
    await shop.untilAllEnded(from, to)
    await this.#members.stop()
    const verdict = await readVerdict({ db, scheduler: shop.scheduler, from, to, labels: shop.labels })
    console.log(`\n${verdictText(verdict, { kills: this.#kills, freezes: this.#freezes })}`)
    return isAsPromised(verdict)
  }

  /** Until all rounds are over or someone stops it. */
  async #performActs(shop: Shop): Promise<void> {
    const { signal } = this.#stopping
    const closing = new AbortController()
    const orders = shop.takeOrders(closing.signal)
    try {
      for (let round = 0; round !== this.#rounds; round++) await this.#performRound()
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      closing.abort()
      await orders
    }
  }

  async #performRound(): Promise<void> {
    const { signal } = this.#stopping
    const stage: Stage = {
      members: this.#members,
      happenings: this.#happenings,
      say: (text) => this.#table.say(text),
    }
    const calm = (): Promise<void> => systemRuntime.sleep(CALM_MS, signal)
    await calm()
    this.#kills.push(await killAct(stage))
    await calm()
    this.#freezes.push(await freezeAct(stage))
    await calm()
    await rollingRestartAct(stage)
    await this.#members.startMissing()
  }
}

async function serverNow(db: Database): Promise<number> {
  const { rows } = await sql<{
    now: number
  }>`SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now`.execute(db)
  return Math.floor(rows[0]?.now ?? Number.NaN)
}
