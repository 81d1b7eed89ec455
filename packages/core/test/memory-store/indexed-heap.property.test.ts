import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type HeapItem, IndexedHeap } from '../../src/memory-store/indexed-heap.ts'

interface Item extends HeapItem {
  readonly key: number
}

describe('IndexedHeap', () => {
  it('gives items in order, whatever was removed from its middle, and reads them in order without changing', () => {
    const keys = fc.array(fc.record({ key: fc.integer(), isRemoved: fc.boolean() }), { maxLength: 300 })
    fc.assert(
      fc.property(keys, (given) => {
        const heap = new IndexedHeap<Item>((a, b) => a.key < b.key)
        const items = given.map(({ key, isRemoved }) => ({ key, isRemoved, heapIndex: -1 }))
        for (const item of items) heap.push(item)
        for (const item of items) if (item.isRemoved) heap.remove(item)
        const left = items
          .filter(({ isRemoved }) => !isRemoved)
          .map(({ key }) => key)
          .toSorted((a, b) => a - b)
        expect(heap.size).toBe(left.length)
        expect([...heap.inOrder()].map(({ key }) => key)).toEqual(left)
        const wanted = left[Math.floor(left.length / 2)]
        expect(heap.find(({ key }) => key === wanted)?.key).toBe(wanted)
        const popped: number[] = []
        for (let first = heap.pop(); first !== undefined; first = heap.pop()) {
          expect(first.heapIndex).toBe(-1)
          popped.push(first.key)
        }
        expect(popped).toEqual(left)
      }),
    )
  })
})
