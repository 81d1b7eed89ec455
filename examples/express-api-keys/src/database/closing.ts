/** One function that ends several things, one after the other; later calls wait for the same end. */
export function closing(...ends: readonly (() => Promise<unknown>)[]): () => Promise<void> {
  let closed: Promise<void> | undefined
  const close = async (): Promise<void> => {
    for (const end of ends) await end()
  }
  return () => (closed ??= close())
}
