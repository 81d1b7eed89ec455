import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { fillCronPage } from '../cron/table/cron-table.ts'

it('the tables of docs/cron.md show what the engine and its peers do today', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/cron.md'), 'utf8')
  expect(fillCronPage(page)).toBe(page)
})
