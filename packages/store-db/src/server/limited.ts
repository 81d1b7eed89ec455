import type { Statement } from '@escapement/db'

/** A statement with a limit, made once for each number: MySQL takes no parameter there. Callers use few numbers. */
export type LimitedStatement = (limit: number) => Statement

/** @param make - Makes the statement; `limit` is a whole number. */
export function limited(make: (limit: number) => Statement): LimitedStatement {
  const made = new Map<number, Statement>()
  return (limit) => {
    const whole = Math.max(0, Math.trunc(limit))
    const statement = made.get(whole) ?? make(whole)
    made.set(whole, statement)
    return statement
  }
}
