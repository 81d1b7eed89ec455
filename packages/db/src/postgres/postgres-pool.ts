/** What is used of a `pg.Pool`; the host makes it, sizes it and ends it. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'connect', listener: (client: PostgresClient) => void): unknown
  readonly options: {
    readonly host?: string | undefined
    readonly port?: number | undefined
    readonly database?: string | undefined
    readonly connectionString?: string | undefined
  }
}

/** What is used of a client of the pool. */
export interface PostgresClient {
  query(config: { readonly text: string; readonly values?: unknown[]; readonly name?: string }): Promise<PostgresAnswer>
  on(event: 'error', listener: (error: Error) => void): unknown
  release(discard?: boolean): void
}

/** What is used of the answer to a query. */
export interface PostgresAnswer {
  readonly rows: readonly object[]
  readonly rowCount: number | null
}

/** Whether `value` is a `pg.Pool`, of whichever copy of the package. */
export function isPostgresPool(value: object): value is PostgresPool {
  return 'connect' in value && 'totalCount' in value && !('getConnection' in value)
}

/** Where the pool connects to, without user and password. */
export function placeOfPostgresPool({ options }: PostgresPool): string {
  const url = options.connectionString === undefined ? null : URL.parse(options.connectionString)
  const database = options.database ?? (url === null ? '' : decodeURIComponent(url.pathname.slice(1)))
  const host = options.host ?? url?.hostname ?? ''
  const port = options.port ?? url?.port ?? ''
  return `PostgreSQL database "${database}" on ${host === '' ? 'localhost' : host}:${port === '' ? 5432 : port}`
}
