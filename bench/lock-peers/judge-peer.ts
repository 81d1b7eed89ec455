import { systemRuntime } from '@escapement/base'
import {
  type ContractNode,
  type MutexCase,
  type MutexClient,
  mutexContract,
  type MutexContractTarget,
} from '@escapement/testkit'
import { Questions } from './cannot-be-asked.ts'
import { carriedCommands } from './carried-commands.ts'
import { failureText } from './failure-text.ts'
import { missingFor } from './case-needs.ts'
import type { PeerLibrary } from './peer-library.ts'
import { PeerMutex } from './peer-mutex.ts'

/** What became of one case. */
export interface Verdict {
  readonly outcome: 'passes' | 'fails' | 'cannot be asked'
  /** Null for what passes. */
  readonly why: string | null
}

const LONGEST_CASE_MS = 30_000
const CASES_AT_ONCE = 8
const OWN_CLOCK = 'its clock is that of the process, which others share'

let cases = 0

/** Runs the contract for a library; answers a verdict for each title. */
export async function judgePeer(library: PeerLibrary, url: string): Promise<ReadonlyMap<string, Verdict>> {
  const verdicts = new Map<string, Verdict>()
  const titles = contractTitles(library)
  const waiting = [...titles]
  const work = async (): Promise<void> => {
    for (let title = waiting.shift(); title !== undefined; title = waiting.shift()) {
      verdicts.set(title, await judgeCase(library, url, title))
    }
  }
  await Promise.all(Array.from({ length: CASES_AT_ONCE }, work))
  return new Map(titles.map((title) => [title, verdicts.get(title) as Verdict]))
}

/** All cases but those of optional methods of a driver, which no library has. */
export function contractTitles(library: PeerLibrary): readonly string[] {
  return mutexContract(target(library, '', new Questions())).map(({ title }) => title)
}

async function judgeCase(library: PeerLibrary, url: string, title: string): Promise<Verdict> {
  const missing = missingFor(title, library)
  if (missing !== null) return { outcome: 'cannot be asked', why: missing }
  const questions = new Questions()
  const asked = mutexContract(target(library, url, questions)).find((each) => each.title === title)
  const error = await failureOf(asked as MutexCase)
  if (error === null) return { outcome: 'passes', why: null }
  if (questions.reason !== undefined) return { outcome: 'cannot be asked', why: questions.reason }
  return { outcome: 'fails', why: failureText(error) }
}

/** Why a case fails; null: it passes. */
async function failureOf({ run }: MutexCase): Promise<unknown> {
  const late = new AbortController()
  const limit = systemRuntime.sleep(LONGEST_CASE_MS, late.signal, { keepAlive: false }).then(
    () => new Error(`it did not end within ${LONGEST_CASE_MS / 1_000} s`),
    () => null,
  )
  const ran = run().then(
    () => null,
    (error: unknown) => error,
  )
  try {
    return await Promise.race([ran, limit])
  } finally {
    late.abort()
  }
}

function target(library: PeerLibrary, url: string, questions: Questions): MutexContractTarget {
  return {
    time: 'real',
    ...(library.backend === 'etcd' ? { ttlMs: 3_000, lingerMs: 1_500 } : {}),
    lacks: ['loseData', 'waitForRelease', 'advanceMany', 'now'],
    start: async () => {
      const prefix = `peer-${process.pid}-${++cases}:`
      return {
        connect: async (node): Promise<MutexClient> => {
          const { driver, faults } = carriedCommands(node, questions)
          const client = await library.connect(url, faults, questions)
          return {
            mutex: new PeerMutex(prefix, client, library.takesSignal, driver, questions),
            driver,
            node: unmovable(node, questions),
          }
        },
        stop: async () => undefined, // its keys go with the server
      }
    },
  }
}

/** Nobody can move the clock or stop the timers of a library in the process of another. */
function unmovable(node: ContractNode, questions: Questions): ContractNode {
  const refuse = (): never => {
    throw questions.refuse(OWN_CLOCK)
  }
  return { ...node, stepWallClock: refuse, pause: refuse, resume: () => undefined }
}
