import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SortedList } from '../../src/memory-store/sorted-list.ts'

interface Item {
  readonly key: number
}

describe('SortedList', () => {
  it('answers as a plain sorted array does, whatever is added and removed', () => {
    const command = fc.record({ key: fc.integer({ min: 0, max: 3_000 }), isRemoval: fc.boolean() })
    fc.assert(
      fc.property(
        fc.array(command, { minLength: 1, maxLength: 3_000 }),
        fc.integer({ min: -1, max: 3_001 }),
        (commands, at) => {
          const list = new SortedList<Item>((a, b) => a.key - b.key)
          const model = new Map<number, Item>()
          for (const { key, isRemoval } of commands) {
            const known = model.get(key)
            if (isRemoval) {
              list.remove(known ?? { key })
              model.delete(key)
            } else if (known === undefined) {
              const item = { key }
              list.add(item)
              model.set(key, item)
            }
          }
          const sorted = [...model.values()].toSorted((a, b) => a.key - b.key)
          const isBefore = (item: Item): boolean => item.key < at
          expect(list.size).toBe(sorted.length)
          expect([...list.from()]).toEqual(sorted)
          expect([...list.backFrom()]).toEqual(sorted.toReversed())
          expect([...list.from(isBefore)]).toEqual(sorted.filter((item) => !isBefore(item)))
          expect([...list.backFrom(isBefore)]).toEqual(sorted.filter(isBefore).toReversed())
          expect(list.firstFrom(isBefore)).toBe(sorted.find((item) => !isBefore(item)))
          expect(list.lastBefore(isBefore)).toBe(sorted.findLast(isBefore))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('stays in order through splits when it is filled from behind', () => {
    const list = new SortedList<Item>((a, b) => a.key - b.key)
    for (let key = 5_000; key > 0; key--) list.add({ key })
    expect([...list.from()].map(({ key }) => key)).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 1))
  })
})
