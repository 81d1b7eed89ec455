import type { StartedRun } from './attempt-run.ts'

/** Within its lease, an attempt of an execution is the only one. */
export function judgeLeases(runs: readonly StartedRun[]): string[] {
  const problems: string[] = []
  for (const [execution, tries] of Map.groupBy(runs, (run) => run.execution)) {
    const inOrder = tries.toSorted((a, b) => a.startedAt - b.startedAt)
    for (const [index, run] of inOrder.entries()) {
      const next = inOrder[index + 1]
      if (next === undefined) continue
      const [here, there] = [`${run.process.name} (fence ${run.fence})`, `${next.process.name} (fence ${next.fence})`]
      if (next.fence <= run.fence) problems.push(`${execution}: ${there} came after ${here}`)
      if (next.startedAt >= run.heldUntil) continue
      problems.push(
        `${execution}: ${there} began ${run.heldUntil - next.startedAt} ms before ${here} had lost its lease`,
      )
    }
  }
  return problems
}
