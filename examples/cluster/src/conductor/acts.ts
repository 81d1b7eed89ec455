import { systemRuntime } from '@escapement/base'
import { type Happenings, isEvent } from './happenings.ts'
import type { Members } from './members.ts'

/** What an act has to work with. */
export interface Stage {
  readonly members: Members
  readonly happenings: Happenings
  /** Tells people what is done and seen. */
  readonly say: (text: string) => void
}

/** How long something took. */
export interface Takeover {
  readonly from: string
  readonly to: string
  readonly executionId: string
  readonly ms: number
}

/** Frozen in the middle of its count, not while it still asks the database. Milliseconds. */
const INTO_THE_COUNT_MS = 500

/** Ends the process that has just begun to print a label, and waits until another one prints it. */
export async function killAct({ members, happenings, say }: Stage): Promise<Takeover> {
  const { instance: from, entry } = await happenings.first('a label is printed', (happening) =>
    isEvent(happening, 'execution:started', 'label'),
  )
  const { executionId } = entry as unknown as { executionId: string }
  const victim = members.of(from)
  const again = happenings.first(
    `another instance prints the label that ${from} had begun`,
    (happening) => isEvent(happening, 'execution:started', 'label') && happening.entry['executionId'] === executionId,
  )
  victim.kill()
  const began = systemRuntime.monotonic()
  say(`${from} (pid ${victim.pid}) is killed with SIGKILL while it prints a label; its lease has to end first`)
  const { instance: to } = await again
  const ms = systemRuntime.monotonic() - began
  say(`${to} prints the label again, ${seconds(ms)} after the kill; ${from} is started anew`)
  await members.start(from)
  return { from, to, executionId, ms }
}

/**
 * Freezes the process that counts the stock until another one has counted in its place, then lets it go on: it writes, as
 * code does that does not look at its signal, and the fence refuses it.
 */
export async function freezeAct({ members, happenings, say }: Stage): Promise<Takeover> {
  const { instance: from, entry } = await happenings.first('a stocktake begins', (happening) =>
    isEvent(happening, 'execution:started', 'stocktake'),
  )
  const { executionId } = entry as unknown as { executionId: string }
  const victim = members.of(from)
  await systemRuntime.sleep(INTO_THE_COUNT_MS)
  const written = happenings.first(
    `another instance counts in place of ${from}`,
    (happening) => isEvent(happening, 'stock:written', 'stocktake') && happening.instance !== from,
  )
  const refused = happenings.first(
    `the late write of ${from} is refused`,
    (happening) => isEvent(happening, 'stock:refused', 'stocktake') && happening.entry['executionId'] === executionId,
  )
  refused.catch(() => undefined) // unless somebody waits for it
  victim.freeze()
  const began = systemRuntime.monotonic()
  try {
    say(`${from} (pid ${victim.pid}) is frozen with SIGSTOP while it counts; it cannot be told that its lease ends`)
    const { instance: to } = await written
    const ms = systemRuntime.monotonic() - began
    say(`${to} has counted in its place, ${seconds(ms)} later; ${from} goes on as if nothing had happened`)
    victim.thaw()
    await refused
    return { from, to, executionId, ms }
  } finally {
    victim.thaw()
  }
}

/** Stops one process after the other, as a deploy does, and starts its successor. */
export async function rollingRestartAct({ members, say }: Stage): Promise<void> {
  for (const name of members.names) {
    const { pid } = members.of(name)
    const began = systemRuntime.monotonic()
    await members.of(name).stop()
    const stoppedMs = systemRuntime.monotonic() - began
    await members.start(name)
    const { pid: successor } = members.of(name)
    say(
      `rolling restart: ${name} (pid ${pid}) let its handlers end within ${seconds(stoppedMs)}, now it is pid ${successor}`,
    )
  }
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
