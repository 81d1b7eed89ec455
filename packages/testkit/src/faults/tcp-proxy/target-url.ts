import { InvalidOptionError } from '@escapement/base'

/** Where a server listens. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
}

/** The ports of URLs that name none. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'postgres:': 5432,
  'postgresql:': 5432,
  'mysql:': 3306,
  'mariadb:': 3306,
  'redis:': 6379,
  'http:': 80,
}

/** Where the server of a URL listens. */
export function addressOf(url: string): ServerAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const port = Number(parsed?.port) || DEFAULT_PORTS[parsed?.protocol ?? '']
  if (parsed === undefined || parsed.hostname === '' || port === undefined) {
    const shown = url.replace(/:[^:@/]*@/, ':***@')
    throw new InvalidOptionError(`startTcpProxy: url is '${shown}'; give one with host and port, such as tcp://db:5432`)
  }
  return { host: parsed.hostname.replace(/^\[|\]$/g, ''), port }
}

/** The URL with another port, on 127.0.0.1; all else stays as it was written. */
export function urlThrough(url: string, port: number): string {
  return url.replace(/^([^:]+:\/\/(?:[^/?#]*@)?)[^/?#]*/, (_, before: string) => `${before}127.0.0.1:${port}`)
}
