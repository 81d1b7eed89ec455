/** The clock of PostgreSQL as it moves within a statement: Unix milliseconds, and microseconds. */
export const NOW_MS = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint'
export const NOW_MICROS = '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint'
