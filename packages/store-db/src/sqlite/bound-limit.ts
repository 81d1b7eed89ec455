/**
 * `LIMIT` with a parameter. A bare `LIMIT ?` makes SQLite plan the statement anew each time it is bound, because the
 * planner looks at the number (where.c, `sqlite3ExprIsInteger` of a variable): 12 µs for the simplest one.
 */
export const LIMIT = 'LIMIT ? + 0'
