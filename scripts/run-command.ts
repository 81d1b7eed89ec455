import { spawnSync, type SpawnSyncOptions } from 'node:child_process'

/**
 * Runs a command with its output shown and waits for it.
 *
 * @throws Error when it ends with another exit code than 0.
 */
export function runCommand(command: string, args: readonly string[], options: SpawnSyncOptions = {}): void {
  const { status, signal, error } = spawnSync(command, args, { stdio: 'inherit', ...options })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status ?? signal}`)
}
