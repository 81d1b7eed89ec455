/** Reads the titles of tests from their source, with the rules that they say they show. */
import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import ts from 'typescript'

/** Where tests and the cases of contracts stand. */
const FILES = [
  'packages/*/test/**/*.ts',
  'packages/testkit/src/**/cases/*.ts',
  'examples/*/test/**/*.ts',
  'bench/test/**/*.ts',
]

/** What makes a case whose rules are numbers. */
const CASES = new Set(['storeCase', 'schedulerCase'])

const NUMBERS = String.raw`\d+(?:(?:, | and )\d+)*`
/** `promises 3 and 6, rule 16: fences grow`: what is promised, the rules, the claim. */
const TITLE = new RegExp(`^(?:promises? ${NUMBERS}(?:: |, (?=rule)))?(?:rules? (${NUMBERS}): )?(\\S.*)$`, 's')

/** The title of one test. */
export interface TestTitle {
  /** The rules that it names; empty for a title that names none. */
  readonly rules: readonly number[]
  /** The claim, without rules and promises. What is only known when it runs stands as `…`. */
  readonly claim: string
}

/** The titles in a file that holds tests or the cases of a contract. Other texts of the file are among them. */
export function testTitles(source: string): TestTitle[] {
  const tree = ts.createSourceFile('test.ts', source, ts.ScriptTarget.Latest, true)
  const titles: TestTitle[] = []
  const visit = (node: ts.Node): void => {
    const text = textOf(node)
    if (text !== undefined && !isTitleOfGroup(node)) {
      const { rules, claim } = readTitle(text)
      titles.push({ rules: [...rulesOfCase(node), ...rules], claim })
    }
    node.forEachChild(visit)
  }
  visit(tree)
  return titles
}

/** A title without the rules and promises in front. */
export function readTitle(title: string): TestTitle {
  const [, rules, claim = ''] = TITLE.exec(title) ?? []
  return { rules: rules?.match(/\d+/g)?.map(Number) ?? [], claim }
}

/** The titles of every test file of a repository, by path, in the order of the paths. */
export function allTestTitles(root: string): Map<string, TestTitle[]> {
  const paths = globSync(FILES, { cwd: root, exclude: (name) => name === 'node_modules' })
    .map((path) => path.split(sep).join('/'))
    .toSorted()
  return new Map(paths.map((path) => [path, testTitles(readFileSync(join(root, path), 'utf8'))]))
}

function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text
  if (!ts.isTemplateExpression(node)) return undefined
  return node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join('')
}

function isTitleOfGroup(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && node.parent.expression.getText().startsWith('describe')
}

/** `storeCase([3, 16], 'title', …)`: the contracts of stores and schedulers name their rules as numbers. */
function rulesOfCase(node: ts.Node): number[] {
  const call = node.parent
  if (!ts.isCallExpression(call) || !CASES.has(call.expression.getText()) || call.arguments[1] !== node) return []
  const [rules] = call.arguments
  if (rules === undefined || !ts.isArrayLiteralExpression(rules)) return []
  return rules.elements.map((element) => Number(element.getText()))
}
