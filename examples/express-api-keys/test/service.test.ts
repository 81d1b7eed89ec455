import { type Logger, quietLogger } from '@escapement/base'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Application } from '../src/application.ts'
import { readEnvironment } from '../src/environment/read-environment.ts'
import { Fixture } from './support/fixture.ts'

const ADMIN_TOKEN = 'an-admin-token-of-the-tests'
const logger: Logger = { ...quietLogger, info: () => undefined }

interface Answer<Body> {
  readonly status: number
  readonly body: Body
}

interface NewKey {
  readonly key: { readonly id: string }
  readonly secret: string
}

interface KeyPage {
  readonly items: readonly { readonly name: string }[]
  readonly next: string | null
}

describe('the service', { timeout: 30_000 }, () => {
  let fixture: Fixture
  let application: Application
  let url: string

  beforeEach(async () => {
    fixture = await Fixture.open()
    await start({ ADMIN_TOKEN })
  })

  afterEach(async () => {
    await application.stop()
    await fixture[Symbol.asyncDispose]()
  })

  async function start(environment: Record<string, string>): Promise<void> {
    const settings = readEnvironment({
      PORT: '0',
      DATABASE_FILE: fixture.databaseFile,
      ENABLE_CRON: 'false',
      ...environment,
    })
    application = new Application(settings, { logger })
    url = await application.start()
  }

  async function call<Body = unknown>(
    method: string,
    path: string,
    token: string | null,
    body?: object,
  ): Promise<Answer<Body>> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...(token !== null && { authorization: `Bearer ${token}` }), 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    })
    const text = await response.text()
    return { status: response.status, body: JSON.parse(text || 'null') as Body }
  }

  async function signIn(user: string): Promise<string> {
    const { body } = await call<{ token: string }>('POST', '/sessions', ADMIN_TOKEN, { user })
    return body.token
  }

  async function whoami(secret: string): Promise<number> {
    return (await fetch(`${url}/whoami`, { headers: { 'x-api-key': secret } })).status
  }

  it('shows the secret of a new key once and stores only its hash', async () => {
    const session = await signIn('ada')
    const { status, body } = await call<NewKey>('POST', '/keys', session, { name: 'ci' })
    const { secret } = body
    expect(status).toBe(201)
    expect(secret).toMatch(/^sk_[\w-]{43}$/)
    expect(await whoami(secret)).toBe(200)
    const listed = await call('GET', '/keys', session)
    expect(listed.body).toMatchObject({
      items: [{ name: 'ci', state: 'active', hint: secret.slice(0, 9), requests: 0 }],
    })
    expect(JSON.stringify(listed.body)).not.toContain(secret)
    const rows = await fixture.db.selectFrom('api_keys').selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain(secret)
  })

  it('rotates a key: the new secret opens, the old one no longer', async () => {
    const session = await signIn('ada')
    const { key, secret } = (await call<NewKey>('POST', '/keys', session, { name: 'ci' })).body
    const rotated = await call<NewKey>('POST', `/keys/${key.id}/rotate`, session, {})
    expect(rotated.body).toMatchObject({ key: { id: key.id, state: 'active' } })
    expect(await whoami(secret)).toBe(401)
    expect(await whoami(rotated.body.secret)).toBe(200)
  })

  it('revokes a key for good', async () => {
    const session = await signIn('ada')
    const { key, secret } = (await call<NewKey>('POST', '/keys', session, { name: 'ci' })).body
    expect((await call('POST', `/keys/${key.id}/revoke`, session)).status).toBe(204)
    expect((await call('POST', `/keys/${key.id}/revoke`, session)).status).toBe(204)
    expect(await whoami(secret)).toBe(401)
    expect(await call('POST', `/keys/${key.id}/rotate`, session, {})).toMatchObject({ status: 409 })
  })

  it('refuses a key from the instant at which it expires', async () => {
    await fixture.addKey('expired', { expires_at: Date.now() - 1, owner: 'ada' })
    const { body } = await call('GET', '/keys', await signIn('ada'))
    expect(body).toMatchObject({ items: [{ id: 'expired', state: 'expired' }] })
  })

  it('shows nobody the keys of others', async () => {
    const { key } = (await call<NewKey>('POST', '/keys', await signIn('ada'), { name: 'ci' })).body
    const other = await signIn('eve')
    expect((await call('GET', '/keys', other)).body).toEqual({ items: [], next: null })
    expect((await call('POST', `/keys/${key.id}/revoke`, other)).status).toBe(404)
    expect((await call('POST', `/keys/${key.id}/rotate`, other, {})).status).toBe(404)
  })

  it.each([
    [{}, 'name'],
    [{ name: '' }, 'name'],
    [{ name: 'ci', expiresAt: 'tomorrow' }, 'expiresAt'],
    [{ name: 'ci', expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
  ])('refuses the key %j and says why', async (input, field) => {
    const { status, body } = await call<{ detail: string }>('POST', '/keys', await signIn('ada'), input)
    expect(status).toBe(422)
    expect(body.detail).toContain(field)
  })

  it('ends a session on request', async () => {
    const session = await signIn('ada')
    expect((await call('DELETE', '/sessions/current', session)).status).toBe(204)
    expect((await call('GET', '/keys', session)).status).toBe(401)
  })

  it('pages through keys', async () => {
    const session = await signIn('ada')
    for (const name of ['one', 'two', 'three']) await call('POST', '/keys', session, { name })
    const first = await call<KeyPage>('GET', '/keys?limit=2', session)
    const second = await call<KeyPage>('GET', `/keys?limit=2&after=${first.body.next}`, session)
    const items = [...first.body.items, ...second.body.items]
    expect(items.map(({ name }) => name)).toEqual(['one', 'two', 'three'])
    expect(second.body.next).toBeNull()
  })

  it.each([
    ['GET', '/scheduler/jobs'],
    ['GET', '/scheduler/executions'],
    ['GET', '/scheduler/jobs/usage-sync/ticks'],
    ['POST', '/scheduler/jobs/usage-sync/trigger'],
    ['GET', '/scheduler/health'],
    ['POST', '/sessions'],
  ])('opens %s %s to the admin token alone', async (method, path) => {
    expect((await call(method, path, null)).status).toBe(401)
    expect((await call(method, path, 'a-token-that-is-wrong')).status).toBe(401)
    expect((await call(method, path, ADMIN_TOKEN)).status).not.toBe(401)
  })

  it('opens them to nobody when no admin token is set', async () => {
    await application.stop()
    await start({})
    const { status, body } = await call<{ detail: string }>('GET', '/scheduler/jobs', 'undefined')
    expect(status).toBe(401)
    expect(body.detail).toContain('ADMIN_TOKEN')
  })

  it('shows jobs, takes a run and shows its execution', async () => {
    await application.stop()
    fixture.upstream.record('nobody', 1, 1)
    await start({ ADMIN_TOKEN, ENABLE_CRON: 'true', USAGE_URL: (await fixture.upstream.start()).href })
    const { items } = (await call<{ items: { name: string }[] }>('GET', '/scheduler/jobs', ADMIN_TOKEN)).body
    expect(items.map(({ name }) => name).toSorted()).toEqual([
      'clean-up',
      'expiration-check',
      'health-check',
      'usage-sync',
    ])
    const run = await call<{ id: string }>('POST', '/scheduler/jobs/usage-sync/trigger', ADMIN_TOKEN)
    expect(run.status).toBe(202)
    const { id } = run.body
    await application.scheduler.wait(id)
    expect((await call('GET', `/scheduler/executions/${id}`, ADMIN_TOKEN)).body).toMatchObject({
      execution: { job: 'usage-sync', status: 'succeeded', createdBy: 'service:admin' },
      attempts: [{ outcome: 'succeeded' }],
    })
    expect((await call('GET', '/scheduler/executions?job=usage-sync', ADMIN_TOKEN)).body).toMatchObject({
      items: [{ id }],
    })
  })

  it('answers an unknown job with 404, and shows the coming ticks of a known one', async () => {
    await application.stop()
    await start({ ADMIN_TOKEN, ENABLE_CRON: 'true', USAGE_URL: (await fixture.upstream.start()).href })
    expect((await call('POST', '/scheduler/jobs/no-such-job/trigger', ADMIN_TOKEN)).status).toBe(404)
    const query = 'from=2126-01-01T00:00:00Z&to=2126-01-02T12:00:00Z'
    const { body } = await call('GET', `/scheduler/jobs/expiration-check/ticks?${query}`, ADMIN_TOKEN)
    expect((body as { items: unknown }).items).toMatchObject([
      { scheduledFor: Date.parse('2126-01-01T09:00:00Z'), verdict: 'planned' },
      { scheduledFor: Date.parse('2126-01-02T09:00:00Z'), verdict: 'planned' },
    ])
  })

  it('runs no jobs with ENABLE_CRON=false, and takes runs for those that do', async () => {
    expect((await call('GET', '/health', null)).body).toMatchObject({ state: 'idle', isReady: false })
    const run = await call<{ id: string }>('POST', '/scheduler/jobs/clean-up/trigger', ADMIN_TOKEN)
    expect(run.status).toBe(202)
    await using other = new Application(readEnvironment({ PORT: '0', DATABASE_FILE: fixture.databaseFile }), { logger })
    await other.start()
    expect(await other.scheduler.wait(run.body.id)).toMatchObject({ status: 'succeeded' })
  })
})
