import { SPED_UP } from './sped-up-schedules.ts'

/** What the introduction tells. */
export interface IntroductionFacts {
  readonly instances: readonly { readonly name: string; readonly url: string; readonly pid: number | undefined }[]
  readonly databaseFile: string
  readonly adminToken: string
  readonly upstreamUrl: URL
  /** How long one reminder is refused, milliseconds. */
  readonly refusesForMs: number
  /** After how many milliseconds the demo ends by itself; null: when someone stops it. */
  readonly durationMs: number | null
}

/** What to know before the first execution is shown. */
export function introduction(facts: IntroductionFacts): string {
  const { instances, databaseFile, adminToken, upstreamUrl, refusesForMs, durationMs } = facts
  return [
    'Escapement demo: a service that manages API keys, with four scheduled jobs on one SQLite file',
    '',
    ...instances.map(({ name, url, pid }) => `  ${name}  ${url}  pid ${pid}`),
    `  database    ${databaseFile}`,
    `  jobs        curl -H 'Authorization: Bearer ${adminToken}' ${instances[0]?.url}/scheduler/jobs`,
    `  break it    curl -X PUT -d down ${upstreamUrl.href}fault    (down, slow, garbage, none)`,
    '',
    'The schedules are sped up:',
    ...Object.values(SPED_UP).map(({ job, says }) => `  ${job.padEnd(16)}  ${says}`),
    `One reminder is refused for ${refusesForMs / 1_000} s, to show that it holds no other up.`,
    '',
    durationMs === null
      ? 'Ctrl-C stops it. Times are UTC.'
      : `It ends by itself after ${durationMs / 1_000} s. Times are UTC.`,
    '',
  ].join('\n')
}
