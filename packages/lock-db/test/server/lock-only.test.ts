import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { systemRuntime } from '@escapement/base'
import { describeOnServers } from '@escapement/testkit/vitest'
import { expect, test } from 'vitest'
import type { LockOnlyRun } from '../processes/lock-only-instance.ts'

const SCRIPT = join(import.meta.dirname, '..', 'processes', 'lock-only-instance.ts')

/** Processes that share the locks of a database and nothing else. */
class Instances implements AsyncDisposable {
  readonly runs: LockOnlyRun[] = []
  readonly errors: string[] = []
  readonly #url: string
  readonly #children: ChildProcess[] = []
  #onBegun: ((child: ChildProcess) => void) | undefined

  constructor(url: string) {
    this.#url = url
  }

  /** Starts one. */
  async start(): Promise<ChildProcess> {
    const child = spawn(process.execPath, [SCRIPT, this.#url])
    this.#children.push(child)
    const begun = Promise.withResolvers<ChildProcess>()
    child.once('exit', () => begun.reject(new Error(`it ended by itself: ${this.errors.join('\n')}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'started') begun.resolve(child)
      else this.#note(child, JSON.parse(line) as LockOnlyRun)
    })
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (!/ExperimentalWarning|--trace-warnings/.test(line)) this.errors.push(line)
    })
    return await begun.promise
  }

  /** The process that is the next to begin a run of the job of which there is one at a time. */
  nextHolder(): Promise<ChildProcess> {
    return new Promise((resolve) => (this.#onBegun = resolve))
  }

  /** Runs of a job, as far as they came to their end; one that was killed has its beginning only. */
  of(job: string): { readonly begun: readonly LockOnlyRun[]; readonly ended: readonly LockOnlyRun[] } {
    const ofThis = this.runs.filter((run) => run.job === job)
    const byStart = (a: LockOnlyRun, b: LockOnlyRun): number => a.from - b.from
    return {
      begun: ofThis.filter(({ to }) => to === null).toSorted(byStart),
      ended: ofThis.filter(({ to }) => to !== null).toSorted(byStart),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
    const exits = running.map((child) => new Promise((resolve) => child.once('close', resolve)))
    for (const child of running) child.kill('SIGKILL')
    await Promise.all(exits)
  }

  #note(child: ChildProcess, run: LockOnlyRun): void {
    this.runs.push(run)
    if (run.job === 'alone' && run.to === null) this.#onBegun?.(child)
  }
}

describeOnServers(['postgres', 'mariadb'], ({ url }) => {
  test.skipIf(process.platform === 'win32')(
    'rule 25: processes that share nothing but locks run no tick twice while some are killed and stopped',
    { timeout: 60_000 },
    async () => {
      await using instances = new Instances(url())
      await Promise.all([instances.start(), instances.start(), instances.start()])
      const killed = await instances.nextHolder()
      killed.kill('SIGKILL')
      const stopped = await instances.nextHolder()
      stopped.kill('SIGSTOP')
      await instances.nextHolder() // the lease of the one that stands still is over then
      stopped.kill('SIGCONT')
      await systemRuntime.sleep(1_000)

      expect(instances.errors).toEqual([])
      for (const job of ['free', 'alone']) {
        const { begun } = instances.of(job)
        // A second attempt is of what was interrupted while its process stood still, and stays where it was.
        const ticks = begun.filter(({ attempt }) => attempt === 1).map(({ scheduledFor }) => scheduledFor)
        expect(ticks.length).toBeGreaterThan(5)
        expect(ticks.filter((tick, index) => ticks.indexOf(tick) !== index)).toEqual([])
      }
      const { ended } = instances.of('alone')
      const fences = ended.map(({ fence }) => BigInt(fence))
      const meetings = ended.slice(1).filter(({ from }, index) => from < (ended[index]?.to ?? Number.POSITIVE_INFINITY))
      expect(meetings).toEqual([])
      expect(fences).toEqual(fences.toSorted((a, b) => (a < b ? -1 : 1)))
    },
  )
})
