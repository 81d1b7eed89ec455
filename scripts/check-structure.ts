/** Checks how the repository is built: names, sizes, import arrows, cycles, and where time and chance may be read. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, resolve, sep } from 'node:path'
import ts from 'typescript'

const MAX_LINES = 400

/** The siblings that the source of each package may import; a key with a folder speaks for that folder only. */
const ARROWS: Record<string, readonly string[]> = {
  base: [],
  core: ['base'],
  pipeline: ['base'],
  db: ['base'],
  'lock-db': ['base', 'core', 'db'],
  'lock-redis': ['base', 'core'],
  'lock-etcd': ['base', 'core'],
  'store-db': ['base', 'core', 'db'],
  audit: ['base', 'pipeline'],
  'audit/src/db': ['base', 'pipeline', 'db'],
  'request-log': ['base', 'pipeline'],
  'request-log/src/db': ['base', 'pipeline', 'db'],
  registry: ['base', 'core'],
  http: ['base', 'core', 'audit', 'request-log', 'registry'],
  dashboard: ['base'],
  testkit: ['base', 'core'],
}

/** Packages that sit on top and may import everything. */
const TOP = new Set(['cli'])

/** Source that may read clocks, timers and chance itself; everything else asks its `Runtime`. */
const MAY_READ_TIME = [
  'packages/base/src/runtime/system-runtime.ts',
  // Real servers need real time to start and stop.
  'packages/testkit/src/servers.ts',
  'packages/testkit/src/servers/',
  // The processes of a contest share the machine's monotonic clock, which no runtime shows.
  'packages/testkit/src/contest/shared-clock.ts',
  // The virtual runtime yields to the event loop between two virtual instants.
  'packages/testkit/src/runtime/',
]

const BANNED_NAMES = new Set(['utils.ts', 'types.ts', 'helpers.ts', 'common.ts', 'interfaces.ts'])
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/
const TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate'])
const CHANCE = new Set(['randomUUID', 'randomBytes', 'randomInt', 'getRandomValues'])
const BANNED_MODULES = new Set(['timers', 'timers/promises', 'perf_hooks', 'uuid'])
const BANNED_PROPERTIES: Record<string, ReadonlySet<string>> = {
  Date: new Set(['now']),
  Math: new Set(['random']),
  performance: new Set(['now', 'timeOrigin']),
  AbortSignal: new Set(['timeout']),
  process: new Set(['hrtime', 'uptime']),
}

export interface Problem {
  readonly rule: 'arrow' | 'deep-import' | 'cycle' | 'lines' | 'name' | 'readme' | 'time'
  readonly path: string
  readonly message: string
}

interface SourceFile {
  readonly path: string
  readonly tree: ts.SourceFile
  readonly imports: readonly string[]
}

/** All problems of the repository at `root`, in the order of their paths. */
export function checkStructure(root: string): Problem[] {
  const paths = ['packages', 'examples', 'bench', 'scripts'].flatMap((folder) => walk(root, folder)).toSorted()
  const files = paths.filter((path) => path.endsWith('.ts')).map((path) => parse(root, path))
  const entries = readEntries(root)
  return [
    ...checkReadmes(root),
    ...paths.flatMap((path) => checkName(path)),
    ...files.flatMap((file) => [
      ...checkLines(file),
      ...checkImports(file, entries),
      ...(/^packages\/[^/]+\/src\//.test(file.path) ? checkTime(file) : []),
    ]),
    ...checkCycles(files),
  ]
}

function walk(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name)
    if (entry.name.startsWith('.') || ['node_modules', 'dist', 'coverage'].includes(entry.name)) return []
    return entry.isDirectory() ? walk(root, path) : [path]
  })
}

function parse(root: string, path: string): SourceFile {
  const tree = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true)
  const imports: string[] = []
  visit(tree, (node) => {
    const specifier = specifierOf(node)
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) imports.push(specifier.text)
  })
  return { path, tree, imports }
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node)
  node.forEachChild((child) => visit(child, see))
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments[0]
  return undefined
}

/** The names that each package can be imported by, such as `@escapement/testkit/vitest`. */
function readEntries(root: string): Set<string> {
  const names = packageFolders(root).flatMap((folder) => {
    const manifest: unknown = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    const { name, exports } = manifest as { name: string; exports: Record<string, unknown> }
    return Object.keys(exports).map((entry) => posix.join(name, entry))
  })
  return new Set(names)
}

function packageFolders(root: string): string[] {
  if (!existsSync(join(root, 'packages'))) return []
  return readdirSync(join(root, 'packages'))
    .map((name) => `packages/${name}`)
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
}

function checkReadmes(root: string): Problem[] {
  return packageFolders(root)
    .filter((folder) => !existsSync(join(root, folder, 'README.md')))
    .map((path) => ({ rule: 'readme', path, message: 'has no README.md' }))
}

function checkName(path: string): Problem[] {
  const name = posix.basename(path)
  if (BANNED_NAMES.has(name)) {
    return [{ rule: 'name', path, message: `${name} says nothing; name the file after the thing that it describes` }]
  }
  if (!/\.(ts|tsx|mjs|sql|lua)$/.test(name) || KEBAB.test(name)) return []
  return [{ rule: 'name', path, message: 'is not kebab-case' }]
}

function checkLines(file: SourceFile): Problem[] {
  const lines = file.tree.text.trimEnd().split('\n').length
  if (lines <= MAX_LINES) return []
  return [{ rule: 'lines', path: file.path, message: `has ${lines} lines; ${MAX_LINES} are the most` }]
}

function checkImports(file: SourceFile, entries: ReadonlySet<string>): Problem[] {
  // The settings of a package's build come from the root.
  if (/^packages\/[^/]+\/[^/]+\.config\.ts$/.test(file.path)) return []
  const unit = unitOf(file.path)
  const allowed = allowedSiblings(file.path)
  return file.imports.flatMap((specifier): Problem[] => {
    if (specifier.startsWith('.')) {
      const target = posix.join(posix.dirname(file.path), specifier)
      if (unitOf(target) !== unit) {
        return [{ rule: 'deep-import', path: file.path, message: `${specifier} reaches into another package` }]
      }
      return isSource(file.path) && !isSource(target)
        ? [{ rule: 'arrow', path: file.path, message: `${specifier} leaves src` }]
        : []
    }
    const sibling = /^@escapement\/([^/]+)/.exec(specifier)?.[1]
    if (sibling === undefined) return []
    if (!entries.has(specifier)) {
      return [{ rule: 'deep-import', path: file.path, message: `${specifier} is not an entry of its package` }]
    }
    return allowed === undefined || allowed.includes(sibling)
      ? []
      : [{ rule: 'arrow', path: file.path, message: `may not import ${specifier}` }]
  })
}

function unitOf(path: string): string {
  const [first = '', second = ''] = path.split('/')
  return first === 'packages' || first === 'examples' ? `${first}/${second}` : first
}

function isSource(path: string): boolean {
  return /^(packages|examples)\/[^/]+\/src\//.test(path)
}

/** The siblings that this file may import, or undefined when it may import all. */
function allowedSiblings(path: string): readonly string[] | undefined {
  const inside = /^packages\/(([^/]+)\/src\/.*)$/.exec(path)
  const [, rest = '', name = ''] = inside ?? []
  if (inside === null || TOP.has(name)) return undefined
  const folder = Object.keys(ARROWS).find((key) => key.includes('/') && rest.startsWith(`${key}/`))
  return ARROWS[folder ?? name] ?? []
}

function checkTime(file: SourceFile): Problem[] {
  if (MAY_READ_TIME.some((exempt) => file.path === exempt || (exempt.endsWith('/') && file.path.startsWith(exempt)))) {
    return []
  }
  const problems: Problem[] = []
  visit(file.tree, (node) => {
    const found = nondeterminism(node)
    if (found === undefined) return
    const { line } = file.tree.getLineAndCharacterOfPosition(node.getStart())
    problems.push({ rule: 'time', path: `${file.path}:${line + 1}`, message: `${found}: ask the Runtime instead` })
  })
  return problems
}

function nondeterminism(node: ts.Node): string | undefined {
  const specifier = specifierOf(node)
  if (specifier !== undefined && ts.isStringLiteralLike(specifier)) {
    return BANNED_MODULES.has(specifier.text.replace(/^node:/, '')) ? `import of ${specifier.text}` : undefined
  }
  if (ts.isPropertyAccessExpression(node)) {
    const owner = nameOf(node.expression)
    const property = node.name.text
    if (owner === 'globalThis' && (TIMERS.has(property) || CHANCE.has(property))) return `globalThis.${property}`
    if (owner === 'crypto' && CHANCE.has(property)) return `crypto.${property}`
    return BANNED_PROPERTIES[owner]?.has(property) === true ? `${owner}.${property}` : undefined
  }
  if (ts.isNewExpression(node) && nameOf(node.expression) === 'Date' && (node.arguments ?? []).length === 0) {
    return 'new Date()'
  }
  if (ts.isCallExpression(node) && nameOf(node.expression) === 'Date') return 'Date()'
  if (ts.isIdentifier(node) && isReference(node) && (TIMERS.has(node.text) || CHANCE.has(node.text))) return node.text
  return undefined
}

/** `Date` for both `Date` and `globalThis.Date`. */
function nameOf(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text
  return ts.isPropertyAccessExpression(node) && nameOf(node.expression) === 'globalThis' ? node.name.text : ''
}

/** Whether the identifier stands for a value of that name, not for a member or a property. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  return (
    !(
      ts.isPropertyAssignment(parent) ||
      ts.isMethodDeclaration(parent) ||
      ts.isMethodSignature(parent) ||
      ts.isPropertySignature(parent) ||
      ts.isPropertyDeclaration(parent)
    ) || parent.name !== node
  )
}

/** Groups of files of one package that import each other, by value or by type. */
function checkCycles(files: readonly SourceFile[]): Problem[] {
  const graph = new Map<string, string[]>()
  for (const file of files) {
    const targets = file.imports.filter((specifier) => specifier.startsWith('.'))
    graph.set(
      file.path,
      targets.map((specifier) => posix.join(posix.dirname(file.path), specifier)),
    )
  }
  const done = new Set<string>()
  const trail: string[] = []
  const problems: Problem[] = []
  const follow = (path: string): void => {
    const start = trail.indexOf(path)
    if (start >= 0) {
      problems.push({ rule: 'cycle', path, message: [...trail.slice(start), path].join(' -> ') })
      return
    }
    if (done.has(path)) return
    trail.push(path)
    for (const target of graph.get(path) ?? []) follow(target)
    trail.pop()
    done.add(path)
  }
  for (const path of graph.keys()) follow(path)
  return problems
}

if (import.meta.main) {
  const root = resolve(dirname(import.meta.filename), '..')
  const problems = checkStructure(root)
  for (const { rule, path, message } of problems) console.error(`${rule}: ${path}: ${message}`)
  console.log(
    `${relative(process.cwd(), import.meta.filename)
      .split(sep)
      .join('/')}: ${problems.length} problems`,
  )
  process.exitCode = problems.length === 0 ? 0 : 1
}
