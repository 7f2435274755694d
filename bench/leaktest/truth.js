'use strict'

// What the functions of the zoo truly leave behind: the oracle of bench/leaktest, which knows no helper.
// node bench/leaktest/truth.js [--set pairs|heldout|all] [--only NAME,...] [--nodes FILE,...] [--json]
// Each function runs in a process of its own with --expose-gc: bytes (heap and external) and handles after
// collections, seven times in the last two thirds of the calls. How many calls: by the time of one and what it keeps.
const { execFile } = require('node:child_process')
const fs = require('node:fs')
const { performance } = require('node:perf_hooks')
const { parseArgs, promisify } = require('node:util')
const { median } = require('../statistics')
const { loadPairs, pairsFor } = require('./zoo')

/** A third of it is more than the largest cap of a cache in the zoo, and a ninth is a multiple of the longest period. */
const CALLS = 72000
const SECONDS = 15
const BYTES = 200e6
/** Of a leak a resource is left at each call, and as many as these can be opened on any machine. */
const RESOURCES = 60
/** Half of the smallest leak of the zoo, a number in an array. */
const BYTES_A_CALL = 4
/** V8 keeps up to 250 kB for a while now and then, most where a function does much, such as a request. */
const NOISE = 300e3

/** @returns {Promise<{bytes: number, handles: number}>} what is there after collections */
async function count () {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => { setTimeout(resolve, 5) })
    global.gc()
  }
  const { heapUsed, external } = process.memoryUsage()
  return { bytes: heapUsed + external, handles: process.getActiveResourcesInfo().length + openFiles() }
}

function openFiles () {
  try {
    return fs.readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}

/**
 * Calls it, with a turn of the event loop at times: weak references live to the end of a turn.
 * @returns {Promise<number>} how often, which is less where the time is over
 */
async function repeat (fn, times, until = Infinity) {
  for (let i = 0; i < times; i++) {
    if (performance.now() > until) return i
    const result = fn()
    if (typeof result?.then === 'function') await result
    if (i % 100 === 99) await new Promise((resolve) => { setImmediate(resolve) })
  }
  return times
}

/** @returns {Promise<object>} what stays of a call, by the last two thirds of the calls */
async function measure (pair, side) {
  const fn = pair.make()[side]
  await repeat(fn, 5)
  const before = await count()
  const startedAt = performance.now()
  await repeat(fn, 20)
  const ms = (performance.now() - startedAt) / 20
  const kept = Math.max(1, ((await count()).bytes - before.bytes) / 20)
  const most = Math.min(pair.resource ? RESOURCES : CALLS, SECONDS * 1000 / ms, side === 'leaky' ? BYTES / kept : CALLS)
  let step = most >= 9000 ? Math.floor(most / 9000) * 1000 : Math.max(10, Math.floor(most / 9))
  // Some get slower with each call, because what leaks is a list that is walked.
  const done = await repeat(fn, 3 * step - 25, startedAt + SECONDS * 1000)
  step = Math.floor((done + 25) / 3)
  const marks = [await count()]
  const enough = startedAt + 2 * SECONDS * 1000
  while (marks.length < 7 && (marks.length < 4 || performance.now() < enough)) {
    await repeat(fn, step)
    marks.push(await count())
  }
  return {
    calls: (marks.length + 2) * step,
    ms,
    bytes: slope(marks.map(({ bytes }) => bytes)) / step,
    handles: slope(marks.map(({ handles }) => handles)) / step,
    resource: pair.resource ?? false
  }
}

/** Theil and Sen's: a single mark must not decide. */
function slope (values) {
  return median(values.flatMap((value, i) => values.slice(0, i).map((earlier, j) => (value - earlier) / (i - j))))
}

/** @returns {'grows' | 'stays'} */
function truth ({ calls, bytes, handles, resource }) {
  const grows = resource ? handles >= 0.05 : bytes >= BYTES_A_CALL && bytes * calls >= NOISE
  return grows ? 'grows' : 'stays'
}

async function main () {
  const { values } = parseArgs({
    options: {
      set: { type: 'string', default: 'all' },
      only: { type: 'string' },
      nodes: { type: 'string', default: process.execPath },
      json: { type: 'boolean', default: false },
      one: { type: 'string' },
      side: { type: 'string' }
    }
  })
  if (values.one !== undefined) {
    const pair = loadPairs(values.set).get(values.one)
    const seen = await measure(pair, values.side)
    await pair.end?.()
    fs.writeSync(1, JSON.stringify(seen))
    process.exit()
  }
  let wrong = 0
  for (const node of values.nodes.split(',')) {
    const { stdout: version } = await promisify(execFile)(node, ['-p', 'process.version'])
    for (const [name] of pairsFor(version.trim(), values.set, values.only)) {
      for (const side of ['leaky', 'clean']) {
        const seen = await promisify(execFile)(node, ['--expose-gc', '--no-warnings', __filename, '--set', values.set, '--one', name, '--side', side], { timeout: 180000 })
          .then(({ stdout }) => JSON.parse(stdout), ({ stderr, message }) => ({ error: stderr || message }))
        const right = seen.error === undefined && truth(seen) === (side === 'leaky' ? 'grows' : 'stays')
        if (!right) wrong++
        console.log(values.json ? JSON.stringify({ node: version.trim(), name, side, right, ...seen }) : line(version.trim(), name, side, right, seen))
      }
    }
  }
  process.exitCode = wrong > 0 ? 1 : 0
}

function line (version, name, side, right, seen) {
  const { calls, ms, bytes, handles, error } = seen
  const head = `${version} ${name} ${side}: `
  if (error !== undefined) return `${head}FAILED ${error}`
  return `${head}${truth(seen)}${right ? '' : ' WRONG'}, ${bytes.toFixed(1)} bytes and ${handles.toFixed(2)} handles a call, ${calls} calls of ${ms.toFixed(3)} ms`
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
