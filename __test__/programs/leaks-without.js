'use strict'

// A heap leak in a process that has to do without something, such as /proc or room for files: what is reported,
// and what works on demand. Prints it, once the leak was reported and its snapshots were tried.
// Usage: node leaks-without.js FOLDER, which is what os.tmpdir() says too
const path = require('node:path')
const tidemark = require('../..')

const [folder] = process.argv.slice(2)
const kept = new Map()

function leak () {
  for (let i = 0; i < 300; i++) kept.set(kept.size, { i, text: `${i} of ${kept.size}` })
}

tidemark.start({ sampleIntervalMs: 200, memoryLimit: 600 * (1 << 20), snapshots: 'auto', maxPauseMs: 1000 })
tidemark.once('leak', (leak) => report(leak))
const leaking = setInterval(leak, 20)
setInterval(() => tidemark.gc(), 1000)

async function report ({ channel, suspects }) {
  clearInterval(leaking)
  const failure = ({ code, reason, message }) => ({ code, reason, message })
  const census = await tidemark.census().catch(failure)
  const profile = await tidemark.profile({ durationMs: 100, path: path.join(folder, 'a.heapprofile') }).catch(failure)
  const snapshot = await tidemark.writeHeapSnapshot(path.join(folder, 'a.heapsnapshot')).catch(failure)
  // The leak's own snapshots: a reason comes at once, the first of two waits for the second.
  for (let waited = 0; waited < 40 && tidemark.status().problems.length === 0; waited++) await new Promise((resolve) => setTimeout(resolve, 100))
  const { evidence, problems } = tidemark.status()
  console.log(JSON.stringify({
    channel,
    kinds: suspects.map(({ kind }) => kind),
    sources: Object.keys(evidence.durationMs),
    problems,
    census: { code: census.code, message: census.message, largest: census.containers?.[0]?.name, problems: census.problems },
    profile: { code: profile.code, message: profile.message },
    snapshot: { code: snapshot.code, reason: snapshot.reason, message: snapshot.message, path: snapshot.path }
  }))
  process.exit(0)
}
