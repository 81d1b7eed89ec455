import { styleText } from 'node:util'

/** Colour on a terminal only, and not where `NO_COLOR` is set: `styleText` looks at the stream and the environment. */
export const styled: typeof styleText = (format, text) => styleText(format, text, { stream: process.stdout })
