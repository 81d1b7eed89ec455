import { durationMs, type Runtime } from '@escapement/base'
import type { Database } from '../database/schema.ts'
import { hashSecret, newSecret } from '../keys/secret.ts'

const SESSION_MS = durationMs('12h', 'session')

/** A new session; the token is shown once. `expiresAt` in Unix milliseconds. */
export interface NewSession {
  readonly token: string
  readonly expiresAt: number
}

/** Who is signed in. Expired sessions open nothing; the clean-up deletes them. */
export class SessionService {
  readonly #db: Database
  readonly #runtime: Pick<Runtime, 'now'>

  constructor(db: Database, runtime: Pick<Runtime, 'now'>) {
    this.#db = db
    this.#runtime = runtime
  }

  async signIn(user: string): Promise<NewSession> {
    const token = newSecret('session')
    const now = this.#runtime.now()
    const expiresAt = now + SESSION_MS
    await this.#db
      .insertInto('sessions')
      .values({ token_hash: hashSecret(token), user, created_at: now, expires_at: expiresAt })
      .execute()
    return { token, expiresAt }
  }

  /** The user whose session this token opens, or null. */
  async userOf(token: string): Promise<string | null> {
    const row = await this.#db
      .selectFrom('sessions')
      .select('user')
      .where('token_hash', '=', hashSecret(token))
      .where('expires_at', '>', this.#runtime.now())
      .executeTakeFirst()
    return row?.user ?? null
  }

  /** Ends a session. Idempotent. */
  async signOut(token: string): Promise<void> {
    await this.#db.deleteFrom('sessions').where('token_hash', '=', hashSecret(token)).execute()
  }
}
