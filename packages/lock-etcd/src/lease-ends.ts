import type { EtcdServer } from './etcd-server.ts'

/** Ends, in the background, leases that nothing needs any more; one that cannot be ended ends by itself. */
export class LeaseEnds {
  readonly #server: EtcdServer
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(server: EtcdServer) {
    this.#server = server
  }

  end(lease: string): void {
    const ending: Promise<unknown> = this.#server
      .revoke(lease)
      .catch(() => undefined)
      .finally(() => this.#underWay.delete(ending))
    this.#underWay.add(ending)
  }

  /** Resolves when all that was to be ended has been. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay)
  }
}
