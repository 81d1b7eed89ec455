import type { RecordStore } from './record-lock-driver.ts'

/** The store of `startRecordServer`. */
export function httpRecordStore(url: string): RecordStore {
  const placeOf = (key: string): string => `${url}/?key=${encodeURIComponent(key)}`
  return {
    read: async (key) => {
      const answer = await fetch(placeOf(key))
      const text = await answer.text()
      if (answer.status !== 200 && answer.status !== 404) throw unexpected(answer)
      return {
        text: answer.status === 200 ? text : null,
        version: answer.headers.get('etag') ?? '',
        nowMs: Number(answer.headers.get('x-now')),
      }
    },
    write: async (key, text, version) => {
      const answer = await fetch(placeOf(key), { method: 'PUT', body: text, headers: { 'if-match': version } })
      await answer.arrayBuffer()
      if (answer.status !== 204 && answer.status !== 412) throw unexpected(answer)
      return answer.status === 204
    },
  }
}

/** The manager asks again: whatever rejects leaves the outcome unknown. */
function unexpected(answer: Response): Error {
  return new Error(`the store answered ${answer.status}; expected 200, 204, 404 or 412`)
}
