/** An item of an {@link IndexedHeap}; it can be in one heap at a time. */
export interface HeapItem {
  /** Where it stands in its heap; -1: in none. Kept by the heap. */
  heapIndex: number
}

/** A binary heap that can also remove from its middle, and be read in order without being changed. */
export class IndexedHeap<T extends HeapItem> {
  readonly #items: T[] = []
  readonly #isBefore: (a: T, b: T) => boolean

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore
  }

  get size(): number {
    return this.#items.length
  }

  /** The items, in no order. */
  get items(): readonly T[] {
    return this.#items
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    this.#items.push(item)
    this.#rise(item, this.#items.length - 1)
  }

  pop(): T | undefined {
    const first = this.#items[0]
    if (first !== undefined) this.remove(first)
    return first
  }

  remove(item: T): void {
    const index = item.heapIndex
    const last = this.#items.pop() as T
    item.heapIndex = -1
    if (last === item) return
    const parent = this.#items[(index - 1) >> 1]
    if (index > 0 && parent !== undefined && this.#isBefore(last, parent)) this.#rise(last, index)
    else this.#sink(last, index)
  }

  /** The first item in order that matches. */
  find(matches: (item: T) => boolean): T | undefined {
    const first = this.#items[0]
    if (first === undefined || matches(first)) return first // nearly always, and far cheaper
    for (const item of this.inOrder()) if (matches(item)) return item
    return undefined
  }

  /** The items in order, lazily: the first k cost O(k log k), however many there are. */
  *inOrder(): Generator<T> {
    const ahead = new IndexedHeap<{ heapIndex: number; readonly at: number }>((a, b) =>
      this.#isBefore(this.#items[a.at] as T, this.#items[b.at] as T),
    )
    const look = (at: number): void => {
      if (at < this.#items.length) ahead.push({ heapIndex: -1, at })
    }
    look(0)
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
      yield this.#items[next.at] as T
      look(2 * next.at + 1)
      look(2 * next.at + 2)
    }
  }

  #rise(item: T, from: number): void {
    const items = this.#items
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = items[parent] as T
      if (!this.#isBefore(item, above)) break
      items[index] = above
      above.heapIndex = index
      index = parent
    }
    items[index] = item
    item.heapIndex = index
  }

  #sink(item: T, from: number): void {
    const items = this.#items
    let index = from
    for (;;) {
      let child = 2 * index + 1
      if (child >= items.length) break
      if (child + 1 < items.length && this.#isBefore(items[child + 1] as T, items[child] as T)) child++
      const below = items[child] as T
      if (!this.#isBefore(below, item)) break
      items[index] = below
      below.heapIndex = index
      index = child
    }
    items[index] = item
    item.heapIndex = index
  }
}
