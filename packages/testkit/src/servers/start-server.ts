import { fromBinary } from './from-binary.ts'
import { fromContainer } from './from-container.ts'
import { canInstall, installPackages } from './install-packages.ts'
import { SERVER_RECIPES, type ServerRecipe } from './server-recipe.ts'
import { ServerUnavailableError } from './server-unavailable-error.ts'
import type { ServerKind } from './server-kind.ts'
import { type TestServer, testServer } from './test-server.ts'

/** Which server is wanted. */
export interface StartServerOptions {
  /** Whether nobody else may use it, so that it can be restarted or stopped: never one that the environment names. Default false. */
  readonly isOwn?: boolean
  /** More arguments of its program, such as `['--appendonly', 'yes']`. Needs `isOwn`; never in a container. Default none. */
  readonly args?: readonly string[]
}

/**
 * A server for tests: one that the environment names (`ESCAPEMENT_TEST_POSTGRES_URL`, `…_MARIADB_URL`, `…_REDIS_URL`,
 * `…_ETCD_URL`); else one in a container, where a Docker engine answers; else one started from programs of this
 * machine, which as root on Debian or Ubuntu are installed when they are missing.
 *
 * @throws {@link ServerUnavailableError} when none can be had; it says what to install.
 */
export async function startServer(
  kind: ServerKind,
  { isOwn = false, args = [] }: StartServerOptions = {},
): Promise<TestServer> {
  const recipe = SERVER_RECIPES[kind]
  const url = process.env[recipe.variable] ?? ''
  if (url !== '' && !isOwn) return testServer({ kind, url, source: 'environment' }, async () => {})
  const contained = args.length > 0 ? null : await fromContainer(recipe)
  const server = contained ?? (await fromBinary(recipe, args))
  if (server !== null) return server
  if (!canInstall()) throw unavailable(recipe)
  try {
    await installPackages(recipe.packages)
  } catch (cause) {
    throw unavailable(recipe, cause)
  }
  const installed = await fromBinary(recipe, args)
  if (installed === null) throw unavailable(recipe)
  return installed
}

function unavailable(recipe: ServerRecipe, cause?: unknown): ServerUnavailableError {
  const { kind, programs, packages, variable } = recipe
  return new ServerUnavailableError(
    `No ${kind} for tests: ${programs.join(' and ')} not found and no Docker engine answers. Install it (Debian and ` +
      `Ubuntu: apt-get install ${packages.join(' ')}), start Docker, or set ${variable} to the URL of a server`,
    { cause },
  )
}
