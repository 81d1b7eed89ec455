import { expect, it } from 'vitest'
import { type DefinitionVerdict, judgeDefinition } from '../../src/policy/supersede.ts'

interface Row {
  /** Hash and version of the one that registers. */
  readonly own: readonly [string, number | null]
  readonly current?: readonly [string, number | null]
  readonly known?: readonly string[]
  readonly live?: readonly string[]
  readonly verdict: DefinitionVerdict
}

it.each<[string, Row]>([
  ['rule 6: the first definition takes effect', { own: ['a', null], verdict: 'supersede' }],
  ['rule 6: an equal one is kept', { own: ['a', null], current: ['a', null], known: ['a'], verdict: 'keep' }],
  [
    'rule 6: an equal one of equal version is kept',
    { own: ['a', 2], current: ['a', 2], known: ['a'], verdict: 'keep' },
  ],
  [
    'rule 6: an equal one of lower version is kept',
    { own: ['a', 1], current: ['a', 2], known: ['a'], verdict: 'keep' },
  ],
  [
    'rule 6: an equal one without version is kept',
    { own: ['a', null], current: ['a', 2], known: ['a'], verdict: 'keep' },
  ],
  ['rule 6: an equal one raises the version', { own: ['a', 3], current: ['a', 2], known: ['a'], verdict: 'adopt' }],
  ['rule 6: an equal one gives a version', { own: ['a', 1], current: ['a', null], known: ['a'], verdict: 'adopt' }],
  [
    'rule 6: an unseen hash supersedes, though others live by the current one',
    { own: ['b', null], current: ['a', null], known: ['a'], live: ['a'], verdict: 'supersede' },
  ],
  [
    'rule 6: an unseen hash supersedes, also under a lower version',
    { own: ['b', 1], current: ['a', 2], known: ['a'], live: ['a'], verdict: 'supersede' },
  ],
  [
    'rule 6: a superseded hash waits while its successor lives',
    { own: ['a', null], current: ['b', null], known: ['a', 'b'], live: ['a', 'b'], verdict: 'wait' },
  ],
  [
    'rule 6: a superseded hash of equal version waits while its successor lives',
    { own: ['a', 2], current: ['b', 2], known: ['a', 'b'], live: ['b'], verdict: 'wait' },
  ],
  [
    'rule 6: a superseded hash is current again when nobody registers its successor',
    { own: ['a', null], current: ['b', null], known: ['a', 'b'], live: ['a'], verdict: 'supersede' },
  ],
  [
    'rule 6: a superseded hash of lower version is current again when nobody registers its successor',
    { own: ['a', 1], current: ['b', 2], known: ['a', 'b'], verdict: 'supersede' },
  ],
  [
    'rule 6: a superseded hash is current again by a higher version',
    { own: ['a', 3], current: ['b', 2], known: ['a', 'b'], live: ['b'], verdict: 'supersede' },
  ],
  [
    'rule 6: any version is higher than none',
    { own: ['a', 0], current: ['b', null], known: ['a', 'b'], live: ['b'], verdict: 'supersede' },
  ],
])('%s', (_title, row) => {
  const definition = ([hash, version]: readonly [string, number | null]) => ({ hash, version })
  const verdict = judgeDefinition({
    own: definition(row.own),
    current: row.current === undefined ? null : definition(row.current),
    knownHashes: row.known ?? [],
    liveHashes: row.live ?? [],
  })
  expect(verdict).toBe(row.verdict)
})
