'use strict'

// Runs programs into V8's heap limit, for the tests of the option `snapshotNearHeapLimit`.

const assert = require('node:assert/strict')
const { readFileSync, readdirSync, statSync } = require('node:fs')
const path = require('node:path')
const binding = require('../../lib/binding').loadBinding()
const { forkObstacle } = require('../../lib/snapshot/fork')
const { run } = require('./child')
const { countNodes, problemsOf } = require('./snapshot')

const noFork = forkObstacle(binding, {})?.message ?? false

const PROGRAM = path.join(__dirname, '..', 'programs', 'near-heap-limit.js')

/** Old space: little, since every test fills it and reads the whole of its file. With 16 a process that wanted to live died once. */
const HEAP_MB = 32

/** Enough for a child on a machine that is busy with other tests. */
const TIMEOUT_MS = 120000

/** Of a test that waits for that child. */
const PATIENT = { timeout: 180000 }

/** What the program is given. */
function argumentsOf (folder, way, options = {}) {
  return [folder, way, JSON.stringify({ nearHeapLimitTimeoutMs: TIMEOUT_MS, ...options })]
}

function fill (folder, way, { options, nodeArgs = [], env } = {}) {
  return run(PROGRAM, { args: argumentsOf(folder, way, options), nodeArgs: [`--max-old-space-size=${HEAP_MB}`, ...nodeArgs], env, deadlineMs: 170000 })
}

/** What it said on stdout. */
const told = ({ stdout }) => stdout.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line))

/** The one file, which holds the accounts and not what they say. */
function assertSnapshot (folder, { stderr }) {
  const names = readdirSync(folder)
  assert.equal(names.length, 1, names.join() || stderr)
  assert.match(names[0], /^heapdump-\d+\.\d+\.heapsnapshot$/)
  const file = path.join(folder, names[0])
  assert.deepEqual(problemsOf(file), [])
  assert.ok(countNodes(file, 'object', 'Account') > 20000)
  assert.doesNotMatch(readFileSync(file, 'utf8'), /secret-\d/)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  return file
}

function assertEndedByV8 ({ code, signal, stderr }) {
  assert.match(stderr, /JavaScript heap out of memory/)
  assert.ok(signal === 'SIGABRT' || code !== 0)
}

function assertTold ({ stderr }, file) {
  assert.ok(stderr.includes(`\ntidemark: the snapshot of the heap at its limit is ${file}\n`), stderr)
}

module.exports = { HEAP_MB, PATIENT, PROGRAM, argumentsOf, assertEndedByV8, assertSnapshot, assertTold, fill, noFork, told }
