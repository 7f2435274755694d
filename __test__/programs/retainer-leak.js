'use strict'

// Leaks sessions into a Map, by memwatch's rule within seconds. Prints what the first event says that
// is named: node retainer-leak.js leak-evidence|refused [OPTIONS], or, with 'exit', ends while a
// capture is under way. TMPDIR is where the files of the captures would be.
const { readdirSync, readFileSync } = require('node:fs')
const os = require('node:os')
const { isMainThread, parentPort, workerData, Worker } = require('node:worker_threads')
const tidemark = require('../..')

const [way, options = '{}'] = isMainThread ? process.argv.slice(2) : [workerData.way, workerData.options]

class Session {
  constructor (id) {
    this.token = `secret-token-${id}`
    this.history = [{ id }, { id }]
  }
}

const sessions = new Map()

function tell (more) {
  const told = { ...more, status: tidemark.status(), files: readdirSync(os.tmpdir()), sessions: sessions.size }
  if (!isMainThread) parentPort.postMessage(told)
  console.log(JSON.stringify(told))
  process.exit()
}

const ways = {
  'leak-evidence' () {
    let leak
    const seen = new Set()
    const looking = setInterval(() => { for (const name of readdirSync(os.tmpdir())) seen.add(name) }, 1)
    tidemark.once('leak', (told) => { leak = told })
    tidemark.on('leak-evidence', (evidence) => {
      clearInterval(looking)
      tell({ leak, evidence, seen: [...seen] })
    })
  },

  refused () {
    const looking = setInterval(() => {
      if (!tidemark.status().problems.some((problem) => problem.startsWith('Who holds'))) return
      clearInterval(looking)
      tell()
    }, 20)
  },

  exit () {
    const looking = setInterval(() => {
      if (readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim() === '') return
      clearInterval(looking)
      tell()
    }, 1)
  },

  /** Nothing but the capture goes on. */
  ends () {
    process.on('exit', () => console.log(JSON.stringify({ problems: tidemark.status().problems })))
    tidemark.on('leak', () => setTimeout(() => { clearInterval(leaking) }, 50))
  }
}

if (way === 'in-worker') {
  new Worker(__filename, { workerData: { way: 'refused', options } }).on('message', (told) => {
    console.log(JSON.stringify(told))
    process.exit()
  })
} else {
  ways[way]()
  tidemark.start({ detector: 'memwatch', consecutive: 3, snapshots: 'auto', maxPauseMs: 2000, ...JSON.parse(options) })
}

/** The first so many come at once, until the leak is told; then so few that a slow child keeps pace. */
const AT_ONCE = 6000

let turns = 0
const leaking = setInterval(() => {
  if (way === 'in-worker') return
  const early = sessions.size < AT_ONCE
  for (let i = early ? 300 : 60; i > 0; i--) sessions.set(sessions.size, new Session(sessions.size))
  if (early || ++turns % 20 === 0) tidemark.gc()
}, 50)
