'use strict'

// What can say whether a function leaks, each as (fn, {budget, folder}) => {outcome, message}. Required in the process
// that is judged, so nothing is loaded before it is used.
const fs = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')
const { writeHeapSnapshot } = require('node:v8')

/** As articles recommend it: calls, a collection, and a difference that must not be passed. */
const LOOP_CALLS = 1000
/** A function of 100 ms would take the loop minutes, which nobody lets a test take. */
const LOOP_MS = 20000
const SNAPSHOT_CALLS = 100
const SNAPSHOT_MS = 5000

async function tidemark (fn, { budget, folder }) {
  const { measureLeak } = createRequire(path.join(folder, 'package.json'))('tidemark/test')
  const { verdict, message } = await measureLeak(fn, { budget })
  return { outcome: verdict, message }
}

/** @param {number} kilobytes that heapUsed may grow by */
function heapUsedBelow (kilobytes) {
  return async (fn) => {
    await repeat(fn, 10, LOOP_MS)
    global.gc()
    const before = process.memoryUsage().heapUsed
    await repeat(fn, LOOP_CALLS, LOOP_MS)
    global.gc()
    const grown = process.memoryUsage().heapUsed - before
    return { outcome: grown > kilobytes * 1000 ? 'leaks' : 'clean', message: `heapUsed grew by ${grown} bytes` }
  }
}

/**
 * Its leak finder: what was made between the first two of three snapshots and is still there in the third. By itself it
 * counts only what browsers leak, such as detached elements, so it is given a filter that takes every object.
 */
async function memlab (fn, { folder }) {
  const peers = createRequire(path.join(folder, 'peers', 'package.json'))
  const work = fs.mkdtempSync(path.join(folder, 'memlab-'))
  try {
    const snapshots = []
    for (let i = 0; i < 3; i++) {
      await repeat(fn, SNAPSHOT_CALLS, SNAPSHOT_MS)
      snapshots.push(writeHeapSnapshot(path.join(work, `${i}.heapsnapshot`)))
    }
    const { findLeaksBySnapshotFilePaths } = peers('@memlab/api')
    const { config } = createRequire(peers.resolve('@memlab/api'))('@memlab/core')
    config.muteConsole = true
    config.externalLeakFilter = { leakFilter: ({ type }) => type === 'object' || type === 'closure' }
    const leaks = await findLeaksBySnapshotFilePaths(...snapshots, { workDir: work, consoleMode: 'SILENT' })
    const paths = leaks.map((leak) => Object.keys(leak).filter((step) => !step.startsWith('$')).join('\n'))
    return { outcome: leaks.length > 0 ? 'leaks' : 'clean', message: paths.join('\n') }
  } finally {
    fs.rmSync(work, { recursive: true, force: true })
  }
}

async function repeat (fn, times, atMostMs) {
  const until = performance.now() + atMostMs
  for (let i = 0; i < times && performance.now() < until; i++) {
    const result = fn()
    if (typeof result?.then === 'function') await result
  }
}

/** Those that judge in a process of their own. `execArgv`: what that process needs. */
const TOOLS = {
  tidemark: { judge: tidemark, execArgv: [] },
  'heapUsed + 100 kB': { judge: heapUsedBelow(100), execArgv: ['--expose-gc'] },
  'heapUsed + 1 MB': { judge: heapUsedBelow(1000), execArgv: ['--expose-gc'] },
  memlab: { judge: memlab, execArgv: [] }
}

module.exports = { TOOLS }
