import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Client } from 'pg'
import { PostgresMissingError } from './postgres-missing-error.ts'

/** A PostgreSQL to run on. */
export interface Postgres {
  readonly url: string
  /** Where it comes from, for people. */
  readonly says: string
  /** Ends it with its data, if it was started for the example. */
  stop(): Promise<void>
}

type Answer = { readonly url: string; readonly source: string } | { readonly problem: string }

/**
 * The server that `databaseUrl` names, or else one in a temporary folder, from the programs of this machine.
 *
 * @throws {@link PostgresMissingError} when there is neither.
 */
export async function findPostgres(databaseUrl: string): Promise<Postgres> {
  if (databaseUrl !== '') return await ownersServer(databaseUrl)
  const child = fork(new URL('./postgres-child.ts', import.meta.url), { detached: true })
  const [answer] = (await Promise.race([once(child, 'message'), ended(child)])) as [Answer]
  if ('problem' in answer) throw new PostgresMissingError(answer.problem)
  const stop = async (): Promise<void> => {
    if (!child.connected) return
    const exited = once(child, 'exit')
    child.send('stop')
    await exited
  }
  return { url: answer.url, says: `started for this (${answer.source}), removed afterwards`, stop }
}

async function ownersServer(url: string): Promise<Postgres> {
  if (!/^postgres(ql)?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new PostgresMissingError('DATABASE_URL is no URL that begins with postgres://')
  }
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  try {
    await client.connect()
    await client.end()
  } catch (error) {
    throw new PostgresMissingError(`the server that DATABASE_URL names does not answer: ${(error as Error).message}`)
  }
  return { url, says: 'as DATABASE_URL says', stop: async () => undefined }
}

async function ended(child: ChildProcess): Promise<[Answer]> {
  const [code] = (await once(child, 'exit')) as [number | null]
  return [{ problem: `what should start it ended with code ${code}` }]
}
