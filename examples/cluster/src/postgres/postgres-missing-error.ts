/** There is no PostgreSQL to run on; the message says how to get one. */
export class PostgresMissingError extends Error {
  override readonly name: string = 'PostgresMissingError'

  constructor(problem: string) {
    super(
      [
        'the cluster needs PostgreSQL 14 or later, and there is none:',
        `  ${problem}`,
        'One of these will do, and then the same command again:',
        "  install the server's programs: apt-get install postgresql, brew install postgresql@17, dnf install postgresql-server",
        '  name a server of your own: DATABASE_URL=postgres://user:password@host:5432/database',
      ].join('\n'),
    )
  }
}
