/**
 * Writes the tables of docs/cron.md: what the engine does beside other libraries, and what each policy makes of a night of
 * change. `pnpm cron-table --write`; without it the command says whether the page is up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { behaviourTable } from './behaviour-table.ts'
import { gapTable, overlapTable } from './policy-tables.ts'

const PAGE = join(import.meta.dirname, '../../../docs/cron.md')

/** The page with its tables made anew; a table that says the same stays as it is formatted. */
export function fillCronPage(page: string): string {
  const tables = { behaviour: behaviourTable(), gap: gapTable(), overlap: overlapTable() }
  let filled = page
  for (const [name, table] of Object.entries(tables)) {
    const place = new RegExp(`<!-- ${name} -->\\n([\\s\\S]*?)<!-- end -->`)
    const old = place.exec(filled)?.[1]
    if (old === undefined) throw new Error(`docs/cron.md has no place for the table of ${name}`)
    if (narrow(old) === narrow(`\n${table}\n\n`)) continue
    filled = filled.replace(place, () => `<!-- ${name} -->\n\n${table}\n\n<!-- end -->`)
  }
  return filled
}

/** Without what a formatter may choose: the widths of columns. */
function narrow(text: string): string {
  return text
    .replaceAll(/-{3,}:?/g, '---')
    .replaceAll(/ +/g, '')
    .trim()
}

if (import.meta.main) {
  const page = readFileSync(PAGE, 'utf8')
  const filled = fillCronPage(page)
  if (process.argv.includes('--write')) writeFileSync(PAGE, filled)
  else if (filled !== page) throw new Error('docs/cron.md is not up to date; run "pnpm cron-table --write"')
  console.log('docs/cron.md is up to date')
}
