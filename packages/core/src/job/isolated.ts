import { InvalidOptionError } from '@escapement/base'

/** Memory limits of an isolated handler, in megabytes; as Node's worker threads take them. */
export interface IsolationLimits {
  readonly maxOldGenerationSizeMb?: number
  readonly maxYoungGenerationSizeMb?: number
  readonly codeRangeSizeMb?: number
  /** Stack of a worker thread; a process keeps its own. */
  readonly stackSizeMb?: number
}

/** How an isolated handler runs. */
export interface IsolatedOptions {
  /** In a worker thread, or in a process of its own, which also survives a crash of native code. Default `thread`. */
  readonly kind?: 'thread' | 'process'
  /** Default: Node's own. */
  readonly resourceLimits?: IsolationLimits
}

/** A handler given as a module, so that it can be ended with its thread or process; made by {@link isolated}. */
export interface IsolatedHandler {
  readonly kind: 'thread' | 'process'
  /** `file:` URL of the module. */
  readonly url: string
  readonly resourceLimits?: IsolationLimits
}

/**
 * A handler in a module of its own, whose default export (or export `run`) is the function.
 *
 * @param url - Where the module is: `new URL('./job.js', import.meta.url)`.
 * @throws {@link InvalidOptionError} when it is no file URL, or a limit is no positive number.
 */
export function isolated(url: URL, options: IsolatedOptions = {}): IsolatedHandler {
  const { kind = 'thread', resourceLimits } = options
  if (!(url instanceof URL) || url.protocol !== 'file:') {
    throw new InvalidOptionError(
      `isolated handler is ${String(url).slice(0, 100)}; give the file URL of its module, such as ` +
        `new URL('./job.js', import.meta.url)`,
    )
  }
  if (kind !== 'thread' && kind !== 'process') {
    throw new InvalidOptionError(`isolated handler has kind ${JSON.stringify(kind)}; it is 'thread' or 'process'`)
  }
  for (const [name, sizeMb] of Object.entries(resourceLimits ?? {})) {
    if (!(typeof sizeMb === 'number' && sizeMb > 0 && Number.isFinite(sizeMb))) {
      throw new InvalidOptionError(
        `isolated handler has ${name} ${String(sizeMb)}; it is a positive number of megabytes`,
      )
    }
  }
  return Object.freeze({
    kind,
    url: url.href,
    ...(resourceLimits !== undefined && { resourceLimits: Object.freeze({ ...resourceLimits }) }),
  })
}

/** Whether a job's `run` is a module rather than a function. */
export function isIsolated(run: unknown): run is IsolatedHandler {
  return typeof run === 'object' && run !== null && 'url' in run && 'kind' in run
}
