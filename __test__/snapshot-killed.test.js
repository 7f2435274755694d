'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')
const { setTimeout: wait } = require('node:timers/promises')
const { forkObstacle } = require('../lib/snapshot/fork')
const { createRandom } = require('./helpers/random')
const { problemsOf } = require('./helpers/snapshot')

const PROGRAM = path.join(__dirname, 'programs', 'writes-until-killed.js')
const DEADLINE_MS = 120000

const noFork = forkObstacle(require('../lib/binding').loadBinding(), {})?.message ?? false
const notLinux = process.platform !== 'linux' && 'reads /proc'

let root

before(() => { root = mkdtempSync(path.join(os.tmpdir(), 'tidemark-redaction-')) })
after(() => rmSync(root, { recursive: true, force: true }))

/** What a process and its child have open in the folder, also where it has no name. */
function openFiles (pid, folder) {
  const pids = [pid, ...childrenOf(pid)]
  return pids.flatMap((each) => namesIn(`/proc/${each}/fd`).map((name) => `/proc/${each}/fd/${name}`))
    .filter((file) => attempt(() => readlinkSync(file), '').startsWith(`${folder}/`))
}

function childrenOf (pid) {
  return attempt(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'), '').trim().split(' ').filter(Boolean)
}

function namesIn (folder) {
  return attempt(() => readdirSync(folder), [])
}

/** A process that is ending takes its files along. */
function attempt (work, otherwise) {
  try {
    return work()
  } catch {
    return otherwise
  }
}

function marked (file) {
  return attempt(() => readFileSync(file), Buffer.alloc(0)).includes('marker-')
}

/**
 * Kills the program at a moment that nobody chose, with a look at its files all the time before.
 * @param {{after: number, ms: number}} when after so many snapshots, and so long after the next was begun
 * @returns {Promise<{told: number, seen: number, marked: string[], left: string[]}>}
 */
async function killed (folder, args, { after, ms }) {
  const child = spawn(process.execPath, [PROGRAM, folder, ...args], { env: { ...process.env, TMPDIR: folder }, stdio: ['ignore', 'pipe', 'inherit'], timeout: DEADLINE_MS, killSignal: 'SIGKILL' })
  let told = 0
  child.stdout.on('data', () => told++)
  const closed = once(child, 'close')
  const found = new Set()
  let largest = 0
  for (let end = Infinity; Date.now() < end;) {
    const files = openFiles(child.pid, folder)
    if (files.length > 0 && told >= after && end === Infinity) end = Date.now() + ms
    for (const file of files) {
      largest = Math.max(largest, attempt(() => statSync(file).size, 0))
      if (marked(file)) found.add(file)
    }
    if (child.exitCode !== null) throw new Error(`the program has ended with ${child.exitCode}`)
    await wait(1)
  }
  child.kill('SIGKILL')
  await closed
  const left = readdirSync(folder)
  return { told, seen: largest, marked: [...found, ...left.filter((name) => marked(path.join(folder, name)))], left }
}

for (const [method, skip] of [['fork', noFork], ['in-process', false]]) {
  for (const [what, args] of [['', []], [' where files must have names', ['named']]]) {
    describe(`a redacted snapshot by method '${method}'${what}`, { skip: notLinux || skip }, () => {
      test('holds at no moment what strings say, also when the process is killed', async () => {
        const folder = mkdtempSync(path.join(root, 'x-'))
        const { uniform } = createRandom(20 + args.length)
        let seen = 0
        for (let tries = 0; tries < 4; tries++) {
          // Some are killed before their first snapshot is there, some after.
          const ended = await killed(folder, [method, ...args], { after: tries % 2, ms: Math.floor(uniform() * 400) })
          assert.deepEqual(ended.marked, [])
          seen += ended.seen
          const finished = ended.left.filter((name) => name === 'taken.heapsnapshot')
          if (finished.length > 0) assert.deepEqual(problemsOf(path.join(folder, finished[0])), [])
          if (args.length === 0) assert.deepEqual(ended.left, finished)
        }
        // Files were seen while they were written.
        assert.ok(seen > 0)
      })
    })
  }
}

describe('a snapshot for tidemark\'s own eyes', { skip: notLinux || noFork }, () => {
  test('leaves nothing when the process is killed', async () => {
    const folder = mkdtempSync(path.join(root, 'x-'))
    for (const ms of [0, 30, 200]) {
      const { left } = await killed(folder, ['own'], { after: 0, ms })
      assert.deepEqual(left, [])
    }
  })

  test('leaves what the next one removes, where files must have names', async () => {
    const folder = mkdtempSync(path.join(root, 'x-'))
    const { left } = await killed(folder, ['own', 'named'], { after: 1, ms: 50 })
    assert.ok(left.every((name) => /^\.tidemark-.*\.tmp$/.test(name)), left.join())
    const later = await killed(folder, ['own', 'named'], { after: 1, ms: 0 })
    assert.deepEqual(later.left.filter((name) => left.includes(name)), [])
  })
})
