// @ts-expect-error -- it is missing on purpose
import { missing } from './not-there.ts'

/** A handler that cannot be loaded. */
export default (): unknown => missing
