import { createHash } from 'node:crypto'

/** Quoted text, comments and casts are passed over, so that a colon inside them names no parameter. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\/|::|:([a-z][A-Za-z0-9]*)/g

/** A statement as a server takes it. */
export interface CompiledStatement {
  /** With `$1` on PostgreSQL and `?` on MySQL. */
  readonly text: string
  /** The parameter at each position. */
  readonly parameters: readonly string[]
  /** Short, and the same for the same text: what PostgreSQL keeps the plan under. */
  readonly name: string
}

/** One SQL statement with named parameters. Made once, by {@link statement}, and run many times. */
export class Statement {
  /** As it was written. */
  readonly text: string
  #numbered: CompiledStatement | undefined
  #marked: CompiledStatement | undefined

  constructor(text: string) {
    this.text = text
  }

  /** With `$1`, `$2`, …: a parameter that is used twice is sent once. */
  numbered(): CompiledStatement {
    if (this.#numbered !== undefined) return this.#numbered
    const parameters: string[] = []
    const text = this.#replace((name) => {
      if (!parameters.includes(name)) parameters.push(name)
      return `$${parameters.indexOf(name) + 1}`
    })
    return (this.#numbered = { text, parameters, name: nameOf(text) })
  }

  /** With `?`: a parameter that is used twice is sent twice. */
  marked(): CompiledStatement {
    if (this.#marked !== undefined) return this.#marked
    const parameters: string[] = []
    const text = this.#replace((name) => {
      parameters.push(name)
      return '?'
    })
    return (this.#marked = { text, parameters, name: nameOf(text) })
  }

  #replace(mark: (name: string) => string): string {
    return this.text.replace(TOKEN, (whole: string, name: string | undefined) =>
      name === undefined ? whole : mark(name),
    )
  }
}

/**
 * Makes a statement whose parameters are named: `:name`, a lower-case letter followed by letters and digits. Colons in
 * strings, quoted names, comments and casts (`::bigint`) are left alone.
 *
 * Make each statement once, when the tables' names are known. Servers keep a plan per text, so the text must not vary
 * with the input: pass many rows as one array. MySQL takes no parameter after LIMIT: write the number.
 */
export function statement(text: string): Statement {
  return new Statement(text)
}

/** 64 bits of the text's hash: below PostgreSQL's limit of 63 bytes, and long enough that no two texts ever meet. */
function nameOf(text: string): string {
  return `escapement_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
}
