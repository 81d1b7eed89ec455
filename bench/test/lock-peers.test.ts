import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { NAMED_TITLES } from '../lock-peers/case-needs.ts'
import { contractTitles } from '../lock-peers/judge-peer.ts'
import { PEER_LIBRARIES } from '../lock-peers/peer-libraries.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'lock-peers.md'), 'utf8')

test('the page on other lock libraries judges each by every case of the contract, as it is now', () => {
  for (const library of PEER_LIBRARIES) {
    const section = page.split('\n## ').find((text) => text.startsWith(`${library.name}\n`)) ?? ''
    const rows = [...section.matchAll(/^\| (.+?) +\| (passes|fails|cannot be asked) +\|/gm)]
    expect(rows.map(([, title]) => title)).toEqual(contractTitles(library))
  }
})

test('every case that is said to need something is one of the contract', () => {
  const [library] = PEER_LIBRARIES
  expect(library && contractTitles(library)).toEqual(expect.arrayContaining([...NAMED_TITLES]))
})
