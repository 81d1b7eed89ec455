import { memoryStore, StoreUnavailableError } from '@escapement/core'
import { describe, expect, it } from 'vitest'
import {
  type FaultyStore,
  type FaultyStoreOptions,
  faultyStore,
  type VirtualRuntime,
  virtualRuntime,
} from '../../src/index.ts'

const NS = 'default'

function setup(options: Omit<FaultyStoreOptions, 'runtime'>): { runtime: VirtualRuntime; store: FaultyStore } {
  const runtime = virtualRuntime()
  return { runtime, store: faultyStore(memoryStore({ runtime }), { runtime, ...options }) }
}

const DAYS = (days: number) => ({ retentionMs: days * 86_400_000 })

describe('faultyStore', () => {
  it('fails a scripted call before anything happens', async () => {
    const { store } = setup({ script: [{ method: 'saveSettings', call: 2, fault: 'error' }] })
    await store.saveSettings(NS, DAYS(1))
    await expect(store.saveSettings(NS, DAYS(2))).rejects.toThrow(StoreUnavailableError)
    expect(await store.settings(NS)).toEqual(DAYS(1))
    await store.saveSettings(NS, DAYS(3))
    expect(await store.settings(NS)).toEqual(DAYS(3))
  })

  it('loses the reply of a scripted call after it has happened', async () => {
    const { store } = setup({ script: [{ method: 'saveSettings', call: 1, fault: 'lost-reply' }] })
    await expect(store.saveSettings(NS, DAYS(2))).rejects.toThrow('its reply was lost')
    expect(await store.settings(NS)).toEqual(DAYS(2))
    expect(store.faults).toEqual([{ method: 'saveSettings', call: 1, fault: 'lost-reply' }])
    expect(store.calls('saveSettings')).toBe(1)
  })

  it('delays a call and its reply', async () => {
    const { store, runtime } = setup({ script: [{ method: 'saveSettings', call: 1, fault: 'delay' }], maxDelayMs: 500 })
    const startedAt = runtime.now()
    const saved = store.saveSettings(NS, DAYS(2))
    await runtime.settle()
    expect(await store.settings(NS)).toBeNull()
    await runtime.runUntil(saved)
    expect(await store.settings(NS)).toEqual(DAYS(2))
    expect(runtime.now()).toBeGreaterThan(startedAt)
  })

  it('disturbs calls at the given rates, the same ones for the same seed', async () => {
    const faultsOf = async (seed: number): Promise<FaultyStore['faults']> => {
      const { store } = setup({ seed, rates: { settings: { error: 0.1, 'lost-reply': 0.2 }, all: { error: 1 } } })
      for (let call = 0; call < 1_000; call++) await store.settings(NS).catch(() => undefined)
      await expect(store.instances(NS)).rejects.toThrow(StoreUnavailableError)
      return store.faults
    }
    const faults = await faultsOf(5)
    expect(await faultsOf(5)).toEqual(faults)
    expect(await faultsOf(6)).not.toEqual(faults)
    const count = (fault: string): number =>
      faults.filter((one) => one.method === 'settings' && one.fault === fault).length
    expect(count('error')).toBeGreaterThan(60)
    expect(count('error')).toBeLessThan(140)
    expect(count('lost-reply')).toBeGreaterThan(150)
    expect(count('lost-reply')).toBeLessThan(250)
  })

  it('leaves opening, closing, subscribing and the capabilities alone, and everything once it is healed', async () => {
    const { store } = setup({ rates: { all: { error: 1 } } })
    await store.open()
    store.subscribe(NS, () => undefined)[Symbol.dispose]()
    expect(store.capabilities.notify).toBe(true)
    await expect(store.settings(NS)).rejects.toThrow(StoreUnavailableError)
    store.heal()
    expect(await store.settings(NS)).toBeNull()
    await store.close()
  })
})
