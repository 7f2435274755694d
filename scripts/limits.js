'use strict'

// Proves that tidemark does not harm an app whose memory is limited: everything that takes a snapshot
// or collects evidence, in memory groups of the kernel and under `ulimit -v`, at multiples of the size that
// the app has by itself. The app must survive each cell, the kernel must kill nothing in the group
// (where memory.oom.group is set, that would be the whole container), and a refusal for memory must say its two numbers.
//   npm run test:limits [-- --only 20,24] [--way heap-diff,fork] [--limit group] [--factor 1.5,2] [--heap 60] [--load busy] [--short]
// An app that does not survive a limit without tidemark cannot be judged there: it is tried alone where it has ended.

const { spawn } = require('node:child_process')
const { mkdtempSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { createInterface } = require('node:readline')
const { parseArgs } = require('node:util')
const { MemoryGroup } = require('./memory-group')
const { newest } = require('./node-versions')
const { Lanes } = require('./node-tests')
const { setup } = require('./setup')
const { ROOT, Skipped, exitWith, run } = require('./steps')

const PROGRAM = path.join(ROOT, '__test__', 'programs', 'under-limits.js')

const MB = 1e6

const WAYS = ['heap-diff', 'heap-diff-off-loop', 'fork', 'in-process', 'redact', 'redact-in-process', 'auto', 'near-heap-limit', 'evidence']
const AXES = {
  way: WAYS,
  limit: ['group', 'address'],
  factor: ['1.2', '1.5', '2', '3', '6'],
  heap: ['60', '300'],
  load: ['idle', 'busy']
}

/** Where it broke first when nothing was checked, and what must go on to work. */
const SHORT = [
  { way: 'heap-diff', limit: 'group', factor: '1.5', heap: '60', load: 'busy' },
  { way: 'heap-diff', limit: 'group', factor: '3', heap: '60', load: 'idle' },
  { way: 'heap-diff', limit: 'address', factor: '1.2', heap: '60', load: 'idle' },
  { way: 'fork', limit: 'group', factor: '6', heap: '60', load: 'busy' },
  { way: 'redact', limit: 'address', factor: '1.5', heap: '60', load: 'busy' },
  { way: 'in-process', limit: 'group', factor: '2', heap: '60', load: 'busy' },
  { way: 'near-heap-limit', limit: 'group', factor: '3', heap: '60', load: 'idle' }
]

/** How the app ends by itself where tidemark does nothing. */
const ALONE = { 'near-heap-limit': 'near-heap-limit-control' }

/** What a heap may grow by before it reaches its own limit. */
const ROOM_NEAR_LIMIT_MB = 30

/** A busy app and the child of its capture take a core each. */
const LANES = Math.max(1, os.cpus().length >> 1)

const DEADLINE_MS = 240000

/** V8 that gets no more memory, or has reached its heap limit, ends the process by one of these. */
const OWN_ENDS = ['SIGABRT', 'SIGTRAP', 'SIGILL']

/** @typedef {{way: string, limit: string, factor: string, heap: string, load: string}} Cell */

/** A limit of address space, as `ulimit -v` sets it, for a process that runs already. */
class AddressSpace {
  oomKills = 0
  wrap = []

  async limit (bytes, pid) {
    const { code, output } = await run('prlimit', ['--pid', String(pid), `--as=${Math.round(bytes)}`]).catch(({ message }) => ({ code: null, output: message }))
    if (code !== 0) throw new Skipped(`no limit of address space can be set: ${output.trim()}`)
  }

  remove () {}
}

/**
 * One app under one limit.
 * @param {string} node
 * @param {Cell} cell
 * @returns {Promise<{told: object[], code: number | null, signal: string | null, late: boolean, oomKills: number, limitBytes: number, seconds: number, stderr: string}>}
 */
async function underLimit (node, { way, limit, factor, heap, load }) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-limits-'))
  /** @type {{wrap: string[], oomKills: number, limit: (bytes: number, pid: number) => unknown, remove: () => void}} */
  const around = limit === 'group' ? new MemoryGroup() : new AddressSpace()
  const flags = way.startsWith('near') ? [`--max-old-space-size=${Number(heap) + ROOM_NEAR_LIMIT_MB}`] : []
  const [command, ...args] = [...around.wrap, node, ...flags, PROGRAM, way, load, heap, folder]
  const child = spawn(command, args, { stdio: 'pipe', env: { ...process.env, NODE_OPTIONS: '', TMPDIR: folder } })
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })))
  const atExit = () => {
    child.kill('SIGKILL')
    around.remove()
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', atExit)
  let late = false
  const timer = setTimeout(() => { late = child.kill('SIGKILL') }, DEADLINE_MS)
  let stderr = ''
  child.stderr.on('data', (text) => { stderr = `${stderr}${text}`.slice(-4000) })
  // The app may have ended before it reads.
  child.stdin.on('error', () => {})
  const told = []
  let limitBytes
  let startedAt
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const { size, ...rest } = JSON.parse(line)
      if (size === undefined) {
        told.push(rest)
        continue
      }
      limitBytes = Number(factor) * (limit === 'group' ? size.resident : size.address)
      await around.limit(limitBytes, Number(child.pid))
      startedAt = Date.now()
      child.stdin.write('\n')
    }
    return { told, ...await ended, late, oomKills: around.oomKills, limitBytes, seconds: (Date.now() - startedAt) / 1000, stderr }
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
    await ended
    process.off('exit', atExit)
    atExit()
  }
}

/** @returns {string[]} what must not be */
function wrongs ({ way }, { told, code, signal, late, oomKills }) {
  if (late) return [`not done after ${DEADLINE_MS / 1000} s`]
  return [
    ...oomKills > 0 ? [`the kernel killed ${oomKills} of the group`] : [],
    ...survived(way, code, signal) ? [] : [`the app ended by ${signal ?? `exit code ${code}`}`],
    ...told.filter(({ ended, reason, need, available }) => ended === 'refused' && reason === 'memory' && !(need > 0 && available >= 0)).map(({ message }) => `without its numbers: ${message}`)
  ]
}

/** Near its heap limit an app ends by V8, with tidemark or without. */
function survived (way, code, signal) {
  return way.startsWith('near') ? OWN_ENDS.includes(signal) : code === 0
}

/** @returns {Promise<{state: 'ok' | 'FAIL' | 'skip', what: string, seconds?: number, limitBytes?: number}>} */
async function judge (node, cell) {
  try {
    const seen = await underLimit(node, cell)
    const wrong = wrongs(cell, seen)
    if (wrong.length === 0) return { ...seen, state: 'ok', what: outcome(seen) }
    for (let tries = 0; tries < 2; tries++) {
      const way = ALONE[cell.way] ?? 'control'
      const alone = await underLimit(node, { ...cell, way })
      const too = wrongs({ way }, alone)
      if (too.length > 0) return { ...seen, state: 'skip', what: `the app alone does not survive here: ${too.join(', ')}` }
    }
    return { ...seen, state: 'FAIL', what: `${[...wrong, ...lastLine(seen.stderr)].join('; ')}; ${outcome(seen)}` }
  } catch (error) {
    if (error instanceof Skipped) return { state: 'skip', what: error.message }
    return { state: 'FAIL', what: error.message }
  }
}

function outcome ({ told }) {
  const last = told.at(-1)
  if (last === undefined) return 'nothing told'
  const { ended, reason, message, need, available, problems = [] } = last
  if (ended === 'taken') return ['taken', ...problems.length > 0 ? [`${problems.length} problems: ${problems[0]}`] : []].join(', ')
  const numbers = need === undefined ? '' : ` (needs ${megabytes(need)}, has ${megabytes(available)})`
  return `${ended}${reason === undefined ? '' : ` ${reason}`}${numbers || `: ${message}`}`
}

function lastLine (stderr) {
  return /^.*(?:fatal|error|abort).*$/im.exec(stderr)?.slice(0, 1) ?? []
}

function megabytes (bytes) {
  return `${Math.round(bytes / MB)} MB`
}

/** @returns {Cell[]} */
function cellsOf (wanted) {
  let cells = /** @type {Cell[]} */ ([{}])
  for (const [axis, values] of Object.entries(AXES)) {
    const chosen = wanted[axis]?.split(',') ?? values
    const unknown = chosen.filter((value) => !values.includes(value))
    if (unknown.length > 0) throw new Error(`--${axis} is one or more of ${values.join(', ')}, and not ${unknown.join(', ')}`)
    cells = cells.flatMap((cell) => chosen.map((value) => ({ ...cell, [axis]: value })))
  }
  return cells
}

function titleOf ({ way, limit, factor, heap, load }) {
  return `${way.padEnd(18)} ${limit.padEnd(7)} x${factor.padEnd(3)} ${heap.padStart(3)} MB ${load}`
}

/**
 * @param {string} node the binary
 * @param {Cell[]} cells
 * @param {(line: string) => void} print
 * @returns {Promise<{ok: number, FAIL: number, skip: number}>}
 */
async function limits (node, cells, print) {
  const counts = { ok: 0, FAIL: 0, skip: 0 }
  const lanes = new Lanes(LANES)
  await Promise.all(cells.map((cell) => lanes.run(async () => {
    const { state, what, seconds, limitBytes } = await judge(node, cell)
    counts[state]++
    const numbers = limitBytes === undefined || seconds === undefined ? '' : `${megabytes(limitBytes).padStart(8)} ${seconds.toFixed(1).padStart(6)} s`
    print(`${state.padEnd(5)} ${titleOf(cell).padEnd(46)} ${numbers.padEnd(17)}  ${what}`)
  })))
  return counts
}

async function main () {
  const axes = Object.fromEntries(Object.keys(AXES).map((axis) => [axis, { type: 'string' }]))
  const { values } = parseArgs({ options: { ...axes, only: { type: 'string' }, short: { type: 'boolean', default: false } } })
  if (process.platform !== 'linux') throw new Error('Memory groups, and limits for a process that runs, are Linux\'s.')
  // What is running ends with this, and its group goes.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
  await setup()
  const cells = values.short ? SHORT : cellsOf(values)
  const nodes = values.only === undefined ? [process.execPath] : await Promise.all(values.only.split(',').map(async (line) => (await newest(line)).binary))
  const all = { ok: 0, FAIL: 0, skip: 0 }
  for (const node of nodes) {
    const { stdout } = await run(node, ['--version'])
    console.log(`\nNode.js ${stdout.trim()}: ${cells.length} cells\n${'state'.padEnd(5)} ${'way, limit, times the size, heap, load'.padEnd(46)} ${'limit     took'.padStart(17)}  outcome`)
    for (const [state, count] of Object.entries(await limits(node, cells, console.log))) all[state] += count
  }
  console.log(`${all.ok} passed, ${all.FAIL} failed${all.skip > 0 ? `, ${all.skip} skipped` : ''}`)
  process.exitCode = all.FAIL > 0 ? 1 : 0
}

module.exports = { judge, titleOf, LANES, SHORT }

if (require.main === module) main().catch(exitWith)
