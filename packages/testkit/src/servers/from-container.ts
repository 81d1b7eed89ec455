import { existsSync } from 'node:fs'
import type { ServerRecipe } from './server-recipe.ts'
import { type TestServer, testServer } from './test-server.ts'

/**
 * What is used of testcontainers. No dependency and no peer names it, since package managers would install it, with its
 * native parts, for everybody: it is used where the host has it.
 */
interface Testcontainers {
  readonly GenericContainer: new (image: string) => Container
}

interface Container {
  withExposedPorts(port: number): Container
  withEnvironment(environment: Readonly<Record<string, string>>): Container
  start(): Promise<StartedContainer>
}

interface StartedContainer {
  getHost(): string
  getMappedPort(port: number): number
  stop(): Promise<unknown>
}

/** Starts a server in a container; null: no Docker engine answers, or testcontainers is not installed. */
export async function fromContainer(recipe: ServerRecipe): Promise<TestServer | null> {
  if (process.env['DOCKER_HOST'] === undefined && !existsSync('/var/run/docker.sock')) return null
  const testcontainers = await load()
  if (testcontainers === null) return null
  const { kind, image, containerPort, containerEnvironment } = recipe
  const container = new testcontainers.GenericContainer(image)
    .withExposedPorts(containerPort)
    .withEnvironment(containerEnvironment)
  const started = await container.start().catch((error: unknown) => {
    if (/container runtime/i.test(String(error))) return null // nothing answers behind the socket
    throw error
  })
  if (started === null) return null
  const url = recipe.url(started.getHost(), started.getMappedPort(containerPort))
  return testServer({ kind, url, source: 'container' }, async () => void (await started.stop()))
}

async function load(): Promise<Testcontainers | null> {
  const name = 'testcontainers' // a variable, so that nobody needs its types
  return await import(name).then(
    (loaded: Testcontainers) => loaded,
    () => null,
  )
}
