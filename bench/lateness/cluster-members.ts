import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { InstanceMessage, InstanceOrder, Start } from './lateness-message.ts'

/** One process of a cluster, and what it told of its handlers. */
export interface Member {
  readonly process: ChildProcess
  readonly starts: Start[]
}

/** Starts a process of one program for each setting, one after the other. */
export async function startMembers(program: URL, settings: readonly object[]): Promise<readonly Member[]> {
  const members: Member[] = []
  for (const setting of settings) {
    const member = fork(program, [JSON.stringify(setting)])
    const starts: Start[] = []
    members.push({ process: member, starts })
    await new Promise<void>((resolve, reject) => {
      member.on('message', (message: InstanceMessage) => {
        if (message.kind === 'ready') resolve()
        if (message.kind === 'starts') starts.push(...message.starts)
      })
      member.on('exit', (code) => reject(new Error(`an instance ended with ${code}`)))
    })
  }
  return members
}

/** What the handlers of a cluster noted, in the order of their starts. */
export interface ClusterStarts {
  readonly living: readonly Start[]
  /** Of processes that were killed. */
  readonly dead: readonly Start[]
}

/** Stops those that live; answers what all told. */
export async function stopMembers(members: readonly Member[]): Promise<ClusterStarts> {
  const living = members.filter((member) => member.process.signalCode === null)
  await Promise.all(living.map((member) => stopMember(member.process)))
  const inOrder = (of: readonly Member[]): readonly Start[] =>
    of.flatMap(({ starts }) => starts).toSorted((a, b) => startedAt(a) - startedAt(b))
  return { living: inOrder(living), dead: inOrder(members.filter((member) => !living.includes(member))) }
}

async function stopMember(member: ChildProcess): Promise<void> {
  const exit = once(member, 'exit')
  const order: InstanceOrder = { kind: 'stop' }
  member.send(order)
  await exit
}

function startedAt({ scheduledFor, latenessMs }: Start): number {
  return scheduledFor + latenessMs
}
