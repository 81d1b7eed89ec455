/** What an instance is told by the conductor. */
export interface InstanceEnvironment {
  readonly databaseUrl: string
  /** Keeps what earlier runs of the example left in the same database apart. */
  readonly namespace: string
  /** Name for people. */
  readonly instance: string
}

/** As environment variables of the process. */
export function toVariables(environment: InstanceEnvironment): Record<string, string> {
  const { databaseUrl, namespace, instance } = environment
  return { DATABASE_URL: databaseUrl, NAMESPACE: namespace, INSTANCE: instance }
}

/** @throws Error that names the variable that is missing. */
export function readInstanceEnvironment(variables: NodeJS.ProcessEnv): InstanceEnvironment {
  const read = (name: string): string => {
    const value = variables[name] ?? ''
    if (value === '') throw new Error(`${name} is not set; the conductor (src/main.ts) starts instances with it`)
    return value
  }
  return { databaseUrl: read('DATABASE_URL'), namespace: read('NAMESPACE'), instance: read('INSTANCE') }
}
