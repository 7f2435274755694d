'use strict'

// Fills V8's heap. Arguments: a folder, and the way: 'loop' never yields, 'turns' does, 'worker' and 'workerTurns' do so in a
// thread of their own; 'reported' waits for the report of its leak, and never yields then. Everything that is to be complete before the end goes into the folder.

const { existsSync, readdirSync } = require('node:fs')
const path = require('node:path')
const { Worker, isMainThread, workerData } = require('node:worker_threads')

/** That is left to Node.js for the end of the thread. */
const LEFT_MS = 3000

const [folder, way] = isMainThread ? process.argv.slice(2) : [workerData.folder, workerData.way]

function fill () {
  const tidemark = require('../..')
  tidemark.start({
    recorder: path.join(folder, 'recorder'),
    report: path.join(folder, 'reports'),
    terminationLog: path.join(folder, 'termination-log'),
    reportNearHeapLimit: true,
    ...way === 'reported' && { detector: 'memwatch', consecutive: 2, evidence: [] }
  })
  const kept = []
  const grow = () => kept.push(new Array(1000).fill(kept.length))
  const forever = () => { for (;;) grow() }
  if (way === 'loop') forever()
  if (way === 'reported') {
    tidemark.once('leak', () => setImmediate(forever))
    setInterval(() => { for (let i = 0; i < 50; i++) grow(); tidemark.gc() }, 20)
    return
  }
  setInterval(() => { for (let i = 0; i < 300; i++) grow() }, 1)
}

if (isMainThread && way.startsWith('worker')) {
  const worker = new Worker(__filename, { workerData: { folder, way: way === 'worker' ? 'loop' : 'turns' } })
  worker.on('error', ({ code }) => {
    // The process goes on without it.
    console.log(JSON.stringify({ code }))
    process.exit()
  })
  // Node.js 24 and 26 take minutes to end such a thread, also at the exit of the process, or abort it.
  setInterval(() => {
    if (existsSync(path.join(folder, 'reports')) && readdirSync(path.join(folder, 'reports')).some((name) => name.endsWith('.md'))) setTimeout(() => process.kill(process.pid, 'SIGKILL'), LEFT_MS)
  }, 100)
} else {
  fill()
}
