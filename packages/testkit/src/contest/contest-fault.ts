import { type Duration, durationMs, systemRuntime } from '@escapement/base'
import type { Contender } from './contender.ts'

/** What a fault is done to. */
export interface ContestStage {
  /** The next process that is granted a key, at that moment. */
  nextHolder(): Promise<Contender>
  /** Kills a process, and starts another one in its place. */
  replace(contender: Contender): Promise<void>
}

/** Something that happens in a contest. */
export interface ContestFault {
  /** As in "a holder was killed". */
  readonly name: string
  /** Whether the lock server loses its data by it. Default false. */
  readonly losesData?: boolean
  /** Whether a holder is overtaken by it, whose late write has to be refused. Default false. */
  readonly overtakes?: boolean
  /** Whether lock server and guarded resource go on meanwhile, so that no write may fail. Default false. */
  readonly sparesServer?: boolean
  /** Does it, and resolves when it is over and the server answers again. */
  happen(stage: ContestStage): Promise<void>
}

/** SIGKILL while a key is held. */
export function holderKilled(): ContestFault {
  return {
    name: 'a holder was killed',
    sparesServer: true,
    happen: async (stage) => stage.replace(await stage.nextHolder()),
  }
}

/** @param stopped - For how long, from SIGSTOP to SIGCONT; longer than the lease. */
export function holderStopped(stopped: Duration): ContestFault {
  const stoppedMs = durationMs(stopped, 'stopped')
  return {
    name: `a holder was stopped for ${stoppedMs} ms`,
    overtakes: true,
    sparesServer: true,
    happen: async (stage) => {
      const holder = await stage.nextHolder()
      holder.stop()
      await systemRuntime.sleep(stoppedMs)
      holder.continue()
    },
  }
}
