'use strict'

// Two workers and the main thread, of which one worker leaks: only its own monitor says so.
const { Worker, isMainThread, parentPort, threadId, workerData } = require('node:worker_threads')
const tidemark = require('tidemark')

const kept = []
let leaks = 0
tidemark.on('leak', (leak) => {
  leaks++
  parentPort?.postMessage({ threadId: leak.threadId, growth: leak.growth })
})

function turn (leaky) {
  if (leaky) {
    for (let i = 0; i < 20000; i++) kept.push({ i, text: `${i}` })
  }
  tidemark.gc()
}

if (isMainThread) {
  // The trend detector and not memwatch's: its rule calls the noise of five collections a leak.
  tidemark.start()
  const healthy = new Worker(__filename, { workerData: { leaky: false } })
  const leaky = new Worker(__filename, { workerData: { leaky: true } })
  let told = 0
  healthy.on('message', () => { told++ })
  const timer = setInterval(() => turn(false), 20)
  leaky.once('message', async (leak) => {
    clearInterval(timer)
    const expected = leaky.threadId
    await Promise.all([leaky.terminate(), healthy.terminate()])
    console.log(JSON.stringify({ leak, expected, here: leaks, healthy: told, main: threadId }))
    process.exit(0)
  })
} else {
  tidemark.start(workerData.leaky ? { detector: 'memwatch' } : {})
  setInterval(() => turn(workerData.leaky), 20)
}
