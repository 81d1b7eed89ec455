import type { Cell, Finding, Table } from './benchmark.ts'

/** A table as Markdown, aligned so that it also reads well in a terminal. */
export function tableText({ caption, columns, rows }: Table): string {
  const cells = [columns, ...rows.map((row) => row.map(cellText))]
  const widths = columns.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)))
  const isNumeric = columns.map((_, column) => rows.some((row) => typeof row[column] === 'number'))
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => (isNumeric[column] ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => `${'-'.repeat(width + 1)}${isNumeric[column] ? ':' : '-'}`).join('|')}|`
  const [head = [], ...body] = cells
  return [`**${caption}**`, '', line(head), rule, ...body.map(line)].join('\n')
}

/** The findings as a table. */
export function findingsText(findings: readonly Finding[]): string {
  return tableText({
    caption: 'Reach',
    columns: ['what', 'measured', 'should be', 'reached'],
    rows: findings.map(({ what, figure, reach, isReached }) => [what, figure, reach, isReached ? 'yes' : '**no**']),
  })
}

function cellText(cell: Cell): string {
  if (cell === null) return '-'
  if (typeof cell === 'string') return cell
  if (Number.isNaN(cell)) return '-'
  if (Math.abs(cell) >= 100 || Number.isInteger(cell)) return Math.round(cell).toLocaleString('en-US')
  return cell.toFixed(Math.abs(cell) >= 10 ? 1 : 2)
}
