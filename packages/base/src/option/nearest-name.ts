/** The known name that differs least from what was asked for; null when none is near (Levenshtein, 1966). */
export function nearestName(asked: string, known: Iterable<string>): string | null {
  let nearest: string | null = null
  let least = Math.max(2, Math.floor(asked.length / 3)) + 1
  for (const name of known) {
    if (Math.abs(name.length - asked.length) >= least) continue
    const distance = editDistance(asked, name)
    if (distance >= least) continue
    least = distance
    nearest = name
  }
  return nearest
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min((previous[j] as number) + 1, (current[j - 1] as number) + 1, replaced))
    }
    previous = current
  }
  return previous[b.length] as number
}
