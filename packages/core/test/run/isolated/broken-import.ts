/** Not written out, so that nobody looks for it but Node. */
const name = ['./not-there', 'ts'].join('.')
const { missing } = (await import(name)) as { missing: unknown }

/** A handler that cannot be loaded. */
export default (): unknown => missing
