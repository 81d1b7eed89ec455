import { type Statement, statement } from '@escapement/db'

/**
 * Texts of statements by name; a function where the text is made by another one, whose type would have to be repeated,
 * and where it has a limit, since MySQL takes no parameter there.
 */
type StatementTexts = Readonly<Record<string, string | (() => string) | ((limit: number) => string)>>

/** The statements of texts. One with a limit is made once for each number: callers use few. */
export type Statements<Texts extends StatementTexts> = {
  readonly [Name in keyof Texts]: Texts[Name] extends string | (() => string) ? Statement : (limit: number) => Statement
}

/** Makes statements, once for each store. */
export function statements<Texts extends StatementTexts>(texts: Texts): Statements<Texts> {
  const made = Object.entries(texts).map(([name, text]) => [name, statementOf(text)])
  return Object.fromEntries(made) as Statements<Texts>
}

function statementOf(text: StatementTexts[string]): Statement | ((limit: number) => Statement) {
  if (typeof text === 'string') return statement(text)
  return text.length === 0 ? statement((text as () => string)()) : limited(text)
}

function limited(textOf: (limit: number) => string): (limit: number) => Statement {
  const made = new Map<number, Statement>()
  return (limit) => {
    const whole = Math.max(0, Math.trunc(limit))
    const known = made.get(whole) ?? statement(textOf(whole))
    made.set(whole, known)
    return known
  }
}
