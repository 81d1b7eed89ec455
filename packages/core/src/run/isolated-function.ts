import { InvalidOptionError } from '@escapement/base'
import type { RunContext } from '../job/run-context.ts'

interface Exports {
  readonly default: unknown
  readonly run: unknown
}

type Handler = (context: RunContext) => unknown

/**
 * The handler that a module exports: its default export, or the export `run`; of a CommonJS module also what it assigns.
 *
 * @throws {@link InvalidOptionError} when there is no such module or it exports no function; else what the module throws.
 */
export async function isolatedFunction(url: string): Promise<Handler> {
  const module = await load(url)
  const { default: main, run } = module
  const assigned: Partial<Exports> = typeof main === 'object' && main !== null ? main : {}
  const found = [main, run, assigned.default, assigned.run].find((exported) => typeof exported === 'function')
  if (found !== undefined) return found as Handler
  const names = Object.keys(module)
  throw new InvalidOptionError(
    `isolated handler ${url} exports ${names.length === 0 ? 'nothing' : names.join(', ')}, no function as default or as run; ` +
      'write: export default async ({ input }) => …',
  )
}

async function load(url: string): Promise<Partial<Exports>> {
  try {
    return (await import(url)) as Partial<Exports>
  } catch (cause) {
    const { code, url: missing } = cause as { code?: unknown; url?: unknown }
    // A module that it imports may be missing just as well: that error speaks for itself.
    if (code !== 'ERR_MODULE_NOT_FOUND' || missing !== url) throw cause
    throw new InvalidOptionError(`isolated handler ${url} does not exist; give the URL of a module that is deployed`, {
      cause,
    })
  }
}
