'use strict'

// One worker of worker-soak.js.
const vm = require('node:vm')
const { parentPort, workerData } = require('node:worker_threads')

const { life, watched } = workerData
const kept = []
const tidemark = watched ? require('../..') : undefined
const gc = watched ? tidemark.gc : vm.runInNewContext('gc')

function allocate () {
  for (let i = 0; i < 20000; i++) kept.push({ i, text: `${i}` })
}

if (watched) {
  tidemark.on('leak', () => {})
  tidemark.on('stats', () => {})
  tidemark.on('gc', () => {})
  // A long history, so that one that is not freed is seen.
  tidemark.start({ detector: 'memwatch', sampleIntervalMs: 100, historySize: 16384 })
}
allocate()
gc()

const lives = {
  // Terminated while timers run and events come in.
  busy () {
    setInterval(() => {
      kept.length = Math.min(kept.length, 100000)
      allocate()
    }, 1)
    parentPort.postMessage('running')
  },
  // Terminated in the middle of a collection, most likely.
  collecting () {
    parentPort.postMessage('running')
    for (;;) gc()
  },
  // Terminated while events wait for a turn of the event loop that never comes.
  pending () {
    for (let i = 0; i < 6; i++) {
      allocate()
      gc()
    }
    parentPort.postMessage('running')
    for (;;) kept.at(-1).i++
  },
  // Nothing keeps it alive.
  ends () {
    setTimeout(allocate, 10)
  },
  throws () {
    setTimeout(() => {
      allocate()
      gc()
      throw new Error('on purpose')
    }, 5)
  },
  // Leaves from inside a listener: the environment ends while tidemark calls JavaScript.
  exits () {
    setTimeout(() => {
      tidemark?.once('gc', () => process.exit(3))
      gc()
      if (!watched) process.exit(3)
    }, 5)
    setTimeout(() => process.exit(4), 5000)
  },
  // Stops inside a listener, starts again, and ends with a collection pending.
  restarts () {
    tidemark?.once('gc', () => {
      tidemark.stop()
      tidemark.start()
      setTimeout(gc, 5)
    })
    gc()
  },
  starting () {
    setInterval(allocate, 1)
  }
}

lives[life]()
