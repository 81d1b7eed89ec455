import { describe, expect, it } from 'vitest'
import { EnvironmentError } from '../src/environment/environment-error.ts'
import { readEnvironment } from '../src/environment/read-environment.ts'

const DAY_MS = 86_400_000

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readEnvironment(environment)
  } catch (error) {
    if (error instanceof EnvironmentError) return error.problems
    throw error
  }
  return []
}

describe('the environment', () => {
  it('needs nothing: every variable has a default', () => {
    expect(readEnvironment({})).toMatchObject({
      port: 3000,
      adminToken: null,
      isCronEnabled: true,
      expiredKeyRetentionMs: 90 * DAY_MS,
      schedules: {
        expirationCheck: '0 9 * * *',
        usageSync: '0 * * * *',
        cleanUp: '0 0 * * *',
        healthCheck: '*/5 * * * *',
      },
    })
  })

  it('keeps locks in the database by default, and on Redis or etcd when LOCK says so', () => {
    expect(readEnvironment({ REDIS_URL: 'redis://elsewhere' }).lock).toEqual({ kind: 'db' })
    expect(readEnvironment({ LOCK: 'redis' }).lock).toEqual({ kind: 'redis', url: 'redis://127.0.0.1:6379' })
    expect(readEnvironment({ LOCK: 'etcd', ETCD_URL: 'http://me:secret@10.0.0.7:2379/' }).lock).toEqual({
      kind: 'etcd',
      url: 'http://me:secret@10.0.0.7:2379/',
    })
    expect(problemsOf({ LOCK: 'etcd', ETCD_URL: 'http://me:50%@h' })).toEqual([
      'ETCD_URL: write each % of the user name and of the password as %25',
    ])
    expect(problemsOf({ LOCK: 'zookeeper' })).toEqual(['LOCK is "zookeeper": give db, redis or etcd'])
    expect(problemsOf({ LOCK: 'redis', REDIS_URL: 'http://user:hunter2@h' })).toEqual([
      'REDIS_URL: give a URL that begins with redis:// or rediss://',
    ])
  })

  it('sets schedules, retention and whether jobs run', () => {
    const settings = readEnvironment({
      ENABLE_CRON: 'false',
      EXPIRATION_CHECK_CRON: '30 8 * * 1-5',
      DATA_SYNC_CRON: '*/10 * * * *',
      CLEANUP_CRON: '@daily',
      HEALTH_CHECK_CRON: '*/30 * * * * *',
      EXPIRED_KEY_RETENTION: '30d',
    })
    expect(settings.isCronEnabled).toBe(false)
    expect(settings.expiredKeyRetentionMs).toBe(30 * DAY_MS)
    expect(settings.schedules).toEqual({
      expirationCheck: '30 8 * * 1-5',
      usageSync: '*/10 * * * *',
      cleanUp: '@daily',
      healthCheck: '*/30 * * * * *',
    })
  })

  it('reads a bare number of EXPIRED_KEY_RETENTION as days', () => {
    expect(readEnvironment({ EXPIRED_KEY_RETENTION: '45' }).expiredKeyRetentionMs).toBe(45 * DAY_MS)
  })

  it('takes an empty variable for an absent one', () => {
    expect(readEnvironment({ PORT: '', DATA_SYNC_CRON: ' ' })).toEqual(readEnvironment({}))
  })

  it.each([
    ['EXPIRATION_CHECK_CRON', '0 25 * * *'],
    ['DATA_SYNC_CRON', 'hourly'],
    ['CLEANUP_CRON', '0 0 30 2 *'],
    ['HEALTH_CHECK_CRON', '*/5 * *'],
    ['ENABLE_CRON', 'maybe'],
    ['EXPIRED_KEY_RETENTION', '-1d'],
    ['EXPIRED_KEY_RETENTION', '90 days'],
    ['EXPIRED_KEY_RETENTION', '999999999d'],
    ['PORT', '70000'],
    ['PORT', 'http'],
    ['USAGE_URL', 'not a url'],
    ['WEBHOOK_URL', 'ftp://host/'],
    ['SERVICE_TIMEOUT', 'soon'],
  ])('refuses %s=%s with its name and value', (name, value) => {
    const problems = problemsOf({ [name]: value })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`${name} is ${JSON.stringify(value)}: `)
  })

  it.each([
    ['postgres://app:secret@db.example.org/keys', 'postgres', 'postgres://app:secret@db.example.org/keys'],
    ['postgresql://db:5433/keys?sslmode=require', 'postgres', 'postgresql://db:5433/keys?sslmode=require'],
    ['mysql://app@db/keys', 'mysql', 'mysql://app@db/keys'],
    ['mariadb://app@db/keys', 'mysql', 'mysql://app@db/keys'],
  ])('takes DATABASE_URL=%s', (text, kind, url) => {
    expect(readEnvironment({ DATABASE_URL: text }).database).toEqual({ kind, url })
  })

  it('keeps its data in a file unless it is told of a server', () => {
    expect(readEnvironment({}).database).toEqual({ kind: 'sqlite', file: 'api-keys.db' })
    expect(readEnvironment({ DATABASE_FILE: 'x.db' }).database).toEqual({ kind: 'sqlite', file: 'x.db' })
  })

  it.each([
    [
      'oracle://app:hunter2@db/keys',
      'postgres://, postgresql://, mysql://, mariadb://; for a SQLite file set DATABASE_FILE',
    ],
    ['hunter2.db', 'for a SQLite file set DATABASE_FILE'],
    ['postgres://app:hunter2@db/', 'names no database: postgres://user:password@db/database'],
    ['postgres:///keys?password=hunter2', 'names no host'],
  ])('refuses DATABASE_URL=%s with the way out, and does not repeat the password', (text, says) => {
    const [problem] = problemsOf({ DATABASE_URL: text })
    expect(problem).toMatch(/^DATABASE_URL: /)
    expect(problem).toContain(says)
    expect(problem).not.toContain('hunter2')
  })

  it('refuses two databases at once', () => {
    const problems = problemsOf({ DATABASE_FILE: 'x.db', DATABASE_URL: 'mysql://app@db/keys' })
    expect(problems).toEqual(['DATABASE_FILE and DATABASE_URL are both set: leave one out'])
  })

  it('lists all that is bad at once', () => {
    expect(problemsOf({ PORT: 'x', CLEANUP_CRON: 'y', ENABLE_CRON: 'z' })).toHaveLength(3)
  })

  it('refuses a short ADMIN_TOKEN without repeating it', () => {
    const [problem] = problemsOf({ ADMIN_TOKEN: 'hunter2' })
    expect(problem).toContain('ADMIN_TOKEN')
    expect(problem).not.toContain('hunter2')
  })
})
