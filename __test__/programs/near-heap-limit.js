'use strict'

// Fills its heap until V8 ends it, or until a snapshot was told: node near-heap-limit.js FOLDER WAY [OPTIONS]
// steps: with turns of the event loop; loop: in one go; relief: as steps, and drops everything at
// the limit; problems: not at all.
const { subscribe } = require('node:diagnostics_channel')
const { readFileSync } = require('node:fs')
const { getHeapStatistics } = require('node:v8')
const tidemark = require('../..')

const [folder, way, options = '{}'] = process.argv.slice(2)
process.chdir(folder)

/** While the child writes. */
const RAISED_FOR_CHILD = 64 * 1048576

class Account {
  constructor (id) {
    this.secret = Buffer.from(`secret-${id}`).toString()
    this.history = [id, id + 1]
  }
}

/**
 * In pieces: V8 asks nobody before it ends a process for one allocation that is too large, such as
 * a large Map that grows.
 */
let accounts = []
function fill (thousands) {
  for (let i = 0; i < thousands; i++) accounts.push(Array.from({ length: 1000 }, (_, id) => new Account(id)))
}

function tell (event) {
  console.log(JSON.stringify({ ...event, accounts: accounts.length * 1000 }))
}

subscribe('tidemark:snapshot', ({ error, ...taken }) => tell({ ...taken, code: error?.code, reason: error?.reason, need: error?.need, available: error?.available }))
tidemark.on('error', ({ code }) => tell({ heard: code }))
tidemark.start({ snapshotNearHeapLimit: true, sampleIntervalMs: 100, evidence: [], ...JSON.parse(options) })

if (process.env.SET_USER) {
  process.setgid(Number(process.env.SET_USER))
  process.setuid(Number(process.env.SET_USER))
}

/** After the first look. */
setTimeout(() => {
  const { problems } = tidemark.status()
  if (problems.length > 0) tell({ problems })
  if (way === 'problems') process.exit()
  if (way === 'loop') fill(Infinity)
  if (way === 'busy') WebAssembly.compile(readFileSync(process.env.WASM))
  fillInSteps(way === 'relief')
}, 300)

function fillInSteps (relieved) {
  const { heap_size_limit: limit } = getHeapStatistics()
  const timer = setInterval(() => {
    fill(20)
    // By less where V8's workers could not park, and the snapshot waits for the next time.
    if (!relieved || getHeapStatistics().heap_size_limit < limit + RAISED_FOR_CHILD) return
    accounts = []
    clearInterval(timer)
    setInterval(() => {}, 1000)
    subscribe('tidemark:snapshot', () => setImmediate(() => {
      tidemark.gc()
      tell({ restored: getHeapStatistics().heap_size_limit === limit })
      process.exit()
    }))
  }, 5)
}
