import type { InstanceEnvironment } from '../instance/instance-environment.ts'
import type { Happenings } from './happenings.ts'
import { InstanceProcess } from './instance-process.ts'

const NAMES = ['alpha', 'beta', 'gamma'] as const

/** The three processes of the cluster, each under its name, whatever process that is at the time. */
export class Members {
  readonly #running = new Map<string, InstanceProcess>()
  readonly #environment: Omit<InstanceEnvironment, 'instance'>
  readonly #happenings: Happenings

  constructor(environment: Omit<InstanceEnvironment, 'instance'>, happenings: Happenings) {
    this.#environment = environment
    this.#happenings = happenings
  }

  get names(): readonly string[] {
    return NAMES
  }

  get all(): readonly InstanceProcess[] {
    return [...this.#running.values()]
  }

  of(name: string): InstanceProcess {
    const found = this.#running.get(name)
    if (found === undefined) throw new Error(`no process of the name ${name}; there are ${NAMES.join(', ')}`)
    return found
  }

  /** Starts a process for each name that has none, or whose process has ended; resolves when they take work. */
  async startMissing(): Promise<void> {
    const missing = NAMES.filter((name) => this.#running.get(name)?.isRunning !== true)
    await Promise.all(missing.map((name) => this.start(name)))
  }

  /** Starts a process under this name; resolves when it takes work. */
  async start(name: string): Promise<void> {
    const ready = this.#happenings.first(
      `${name} is ready`,
      ({ instance, entry }) => instance === name && ['ready', 'ended'].includes(entry.message),
    )
    const started = new InstanceProcess({ ...this.#environment, instance: name }, (entry) =>
      this.#happenings.tell({ instance: name, entry }),
    )
    this.#running.set(name, started)
    void started.exited.then(() =>
      this.#happenings.tell({ instance: name, entry: { level: 'warn', message: 'ended', pid: started.pid } }),
    )
    const { entry } = await ready
    if (entry.message === 'ended') throw new Error(`${name} ended before it was ready; what it said stands above`)
  }

  /** Lets all stop; resolves when they have. */
  async stop(): Promise<void> {
    await Promise.all(this.all.map((member) => member.stop()))
  }

  /** Ends all at once. */
  kill(): void {
    for (const member of this.all) member.kill()
  }
}
