import type { PeerLibrary } from './peer-library.ts'
import type { Verdict } from './judge-peer.ts'

/** A library with what it was found to do. */
export interface JudgedPeer {
  readonly library: PeerLibrary
  readonly verdicts: ReadonlyMap<string, Verdict>
}

const INTRODUCTION = `# Other lock libraries under the same contract

Written by \`pnpm lock-peers --write\`, which runs \`mutexContract\` of \`@escapement/testkit\` against each library on a
real server: the same cases that every driver of Escapement passes.

A library stands there as it is. A thin shim translates names and nothing else: it adds no deadline, no repeated request, no fence.
Faults meet the library's own commands on their way to the server. Errors of a library count as ours of the same meaning, and
its defaults are kept; a command that is never answered has no time limit unless the library sets one. A case that needs something the library does not have (a fence, a signal, a driver with single steps, a
clock of its own) _cannot be asked_ and says nothing against it. _Fails_ means that the library was asked for something that it has,
and did not do what this contract demands; that is not always something it has promised.`

/** The page of the documentation with all verdicts. */
export function lockPeersPage(judged: readonly JudgedPeer[]): string {
  const sections = judged.map(({ library, verdicts }) =>
    [`## ${library.name}`, `On ${library.backend}; ${library.about}.`, verdictTable(verdicts)].join('\n\n'),
  )
  return `${[INTRODUCTION, summary(judged), ...sections].join('\n\n')}\n`
}

function summary(judged: readonly JudgedPeer[]): string {
  const rows = judged.map(({ library: { name }, verdicts }) => {
    const count = (outcome: Verdict['outcome']): number =>
      [...verdicts.values()].filter((verdict) => verdict.outcome === outcome).length
    return `| ${name} | ${count('passes')} | ${count('fails')} | ${count('cannot be asked')} |`
  })
  return ['| library | passes | fails | cannot be asked |', '| --- | ---: | ---: | ---: |', ...rows].join('\n')
}

function verdictTable(verdicts: ReadonlyMap<string, Verdict>): string {
  const rows = [...verdicts].map(([title, { outcome, why }]) => `| ${title} | ${outcome} | ${cell(why)} |`)
  return ['| case | | why |', '| --- | --- | --- |', ...rows].join('\n')
}

function cell(why: string | null): string {
  return (why ?? '').replaceAll('|', '\\|').replaceAll('<', '\\<')
}
