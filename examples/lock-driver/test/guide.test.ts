import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..', '..')

test('the guide for drivers shows the driver that passes the contract, in less than 80 lines', () => {
  const code = readFileSync(join(ROOT, 'examples', 'lock-driver', 'src', 'record-lock-driver.ts'), 'utf8')
  const guide = readFileSync(join(ROOT, 'docs', 'lock-drivers.md'), 'utf8')
  expect(guide).toContain(`\n\`\`\`ts\n${code}\`\`\`\n`)
  expect(code.trimEnd().split('\n').length).toBeLessThan(80)
})
