import type { ServerKind } from './server-kind.ts'

/** Where one server listens and keeps its data. */
export interface ServerPlace {
  /** A folder of its own, empty at first, that the account of the server may write to. */
  readonly folder: string
  /** A free port on 127.0.0.1. */
  readonly port: number
  /** Another one. */
  readonly secondPort: number
}

/** A program with its arguments. */
interface Command {
  readonly program: string
  readonly args: readonly string[]
}

/** How to have one kind of server. */
export interface ServerRecipe {
  readonly kind: ServerKind
  /** Holds the URL of a server that is there already. */
  readonly variable: string
  readonly image: string
  readonly containerPort: number
  readonly containerEnvironment: Readonly<Record<string, string>>
  /** Programs that must be found, all in one folder or on the path. */
  readonly programs: readonly string[]
  /** Packages of Debian and Ubuntu that bring them. */
  readonly packages: readonly string[]
  /** Accounts to run it as when the tests run as root; null: root will do. The first that exists is taken. */
  readonly accounts: readonly string[] | null
  /** Files to be written into the folder before anything runs. */
  readonly files: Readonly<Record<string, string>>
  /** Run in turn before the server. */
  prepare(place: ServerPlace): readonly Command[]
  run(place: ServerPlace): Command
  /** What it prints when it is ready. */
  readonly readyLine: RegExp
  /** The signal on which it ends at once and in order. */
  readonly stopSignal: 'SIGTERM' | 'SIGINT'
  /** The signal on which it ends as in a crash, with all its processes. */
  readonly crashSignal: 'SIGQUIT' | 'SIGKILL'
  url(host: string, port: number): string
}

const postgres: ServerRecipe = {
  kind: 'postgres',
  variable: 'ESCAPEMENT_TEST_POSTGRES_URL',
  image: 'postgres:17-alpine',
  containerPort: 5432,
  containerEnvironment: { POSTGRES_HOST_AUTH_METHOD: 'trust' },
  programs: ['initdb', 'postgres'],
  packages: ['postgresql'],
  accounts: ['postgres', 'nobody'], // it refuses to run as root
  files: {},
  prepare: ({ folder }) => [
    {
      program: 'initdb',
      args: ['-D', `${folder}/data`, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    },
  ],
  run: ({ folder, port }) => ({
    program: 'postgres',
    args: ['-D', `${folder}/data`, '-h', '127.0.0.1', '-p', String(port), '-k', folder],
  }),
  readyLine: /ready to accept connections/,
  stopSignal: 'SIGINT', // fast: open sessions are ended
  crashSignal: 'SIGQUIT', // immediate: SIGKILL would leave its children behind
  url: (host, port) => `postgres://postgres@${host}:${port}/postgres`,
}

const mariadb: ServerRecipe = {
  kind: 'mariadb',
  variable: 'ESCAPEMENT_TEST_MARIADB_URL',
  image: 'mariadb:11.4',
  containerPort: 3306,
  containerEnvironment: { MARIADB_ALLOW_EMPTY_ROOT_PASSWORD: '1', MARIADB_DATABASE: 'escapement' },
  programs: ['mariadb-install-db', 'mariadbd'],
  packages: ['mariadb-server'],
  accounts: ['mysql', 'nobody'],
  files: { 'init.sql': 'CREATE DATABASE IF NOT EXISTS escapement;\n' },
  prepare: ({ folder }) => [
    {
      program: 'mariadb-install-db',
      args: [
        '--no-defaults',
        `--datadir=${folder}/data`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        `--tmpdir=${folder}`,
      ],
    },
  ],
  run: ({ folder, port }) => ({
    program: 'mariadbd',
    args: [
      '--no-defaults',
      `--datadir=${folder}/data`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${folder}/socket`,
      `--pid-file=${folder}/pid`,
      // A server that starts removes the temporary tables of those before it, and of any other that shares the folder.
      `--tmpdir=${folder}`,
      `--init-file=${folder}/init.sql`,
    ],
  }),
  readyLine: /ready for connections/,
  stopSignal: 'SIGTERM',
  crashSignal: 'SIGKILL',
  url: (host, port) => `mysql://root@${host}:${port}/escapement`,
}

const redis: ServerRecipe = {
  kind: 'redis',
  variable: 'ESCAPEMENT_TEST_REDIS_URL',
  image: 'redis:7-alpine',
  containerPort: 6379,
  containerEnvironment: {},
  programs: ['redis-server'],
  packages: ['redis-server'],
  accounts: null,
  files: {},
  prepare: () => [],
  run: ({ folder, port }) => ({
    program: 'redis-server',
    args: ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'],
  }),
  readyLine: /Ready to accept connections/i,
  stopSignal: 'SIGTERM',
  crashSignal: 'SIGKILL',
  url: (host, port) => `redis://${host}:${port}`,
}

const etcd: ServerRecipe = {
  kind: 'etcd',
  variable: 'ESCAPEMENT_TEST_ETCD_URL',
  image: 'quay.io/coreos/etcd:v3.5.17',
  containerPort: 2379,
  containerEnvironment: {
    ETCD_LISTEN_CLIENT_URLS: 'http://0.0.0.0:2379',
    ETCD_ADVERTISE_CLIENT_URLS: 'http://0.0.0.0:2379',
  },
  programs: ['etcd'],
  packages: ['etcd-server'],
  accounts: null,
  files: {},
  prepare: () => [],
  run: ({ folder, port, secondPort }) => {
    const client = `http://127.0.0.1:${port}`
    const peer = `http://127.0.0.1:${secondPort}`
    return {
      program: 'etcd',
      args: [
        `--data-dir=${folder}/data`,
        `--listen-client-urls=${client}`,
        `--advertise-client-urls=${client}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=default=${peer}`,
      ],
    }
  },
  readyLine: /ready to serve client requests/,
  stopSignal: 'SIGTERM',
  crashSignal: 'SIGKILL',
  url: (host, port) => `http://${host}:${port}`,
}

/** How to have each kind of server. */
export const SERVER_RECIPES: Readonly<Record<ServerKind, ServerRecipe>> = { postgres, mariadb, redis, etcd }

/** The environment variable that names the URL of a server that is there already. */
export function serverVariable(kind: ServerKind): string {
  return SERVER_RECIPES[kind].variable
}
