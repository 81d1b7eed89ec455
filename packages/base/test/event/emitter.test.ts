import { Emitter } from '@escapement/base'
import { describe, expect, it } from 'vitest'

interface Events {
  'tick:seen': { readonly at: number }
  'tick:missed': { readonly at: number }
}

describe('Emitter', () => {
  it('calls the listeners of a type in order, until they are disposed', () => {
    const heard: string[] = []
    const events = new Emitter<Events>(() => undefined)
    const first = events.on('tick:seen', ({ at }) => heard.push(`first ${at}`))
    events.on('tick:seen', ({ at }) => heard.push(`second ${at}`))
    expect(events.has('tick:seen')).toBe(true)
    expect(events.has('tick:missed')).toBe(false)
    events.emit('tick:seen', { at: 1 })
    first[Symbol.dispose]()
    events.emit('tick:seen', { at: 2 })
    events.emit('tick:missed', { at: 3 })
    expect(heard).toEqual(['first 1', 'second 1', 'second 2'])
  })

  it('lets no listener disturb the source or the others, whether it throws or rejects', async () => {
    const failures: string[] = []
    const heard: number[] = []
    const events = new Emitter<Events>((error, type) => failures.push(`${type}: ${String(error)}`))
    events.on('tick:seen', () => {
      throw new Error('thrown')
    })
    const rejecting = (): unknown => Promise.reject(new Error('rejected'))
    events.on('tick:seen', rejecting)
    events.on('tick:seen', ({ at }) => heard.push(at))
    events.emit('tick:seen', { at: 1 })
    await Promise.resolve()
    expect(heard).toEqual([1])
    expect(failures).toEqual(['tick:seen: Error: thrown', 'tick:seen: Error: rejected'])
  })
})
