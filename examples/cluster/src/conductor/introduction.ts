import { LEASE } from '../instance/cluster-instance.ts'
import { PRINTERS } from '../jobs/label.ts'
import type { Postgres } from '../postgres/find-postgres.ts'
import type { InstanceProcess } from './instance-process.ts'

/** What to know before the first line is shown. */
export function introduction(postgres: Postgres, members: readonly InstanceProcess[], rounds: number | null): string {
  return [
    'Escapement cluster: three instances on one PostgreSQL',
    '',
    ...members.map(({ name, pid }) => `  ${name.padEnd(9)}  pid ${pid}`),
    `  database   ${withoutPassword(postgres.url)}    (${postgres.says})`,
    '',
    '  pulse      each second, on one of the three',
    `  label      enqueued by this process, in a queue with a limit of ${PRINTERS} for the whole cluster`,
    '  stocktake  every 3 s, never two at a time; it writes under its fence',
    '',
    `One is killed, one is frozen longer than its lease of ${LEASE}, then all are restarted one after the other. Do it yourself:`,
    `  kill -9 ${members[0]?.pid}`,
    '',
    rounds === null ? 'Ctrl-C stops it. Times are UTC.' : `It ends by itself after ${rounds} rounds. Times are UTC.`,
    '',
  ].join('\n')
}

function withoutPassword(url: string): string {
  const shown = new URL(url)
  shown.password = ''
  return shown.href
}
