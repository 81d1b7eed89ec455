/** What was asked of a key cannot be done; nothing was changed. */
export class KeyRefusedError extends Error {
  override readonly name: string = 'KeyRefusedError'
  readonly kind: 'unknown' | 'conflict' | 'invalid'

  constructor(kind: KeyRefusedError['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}
