'use strict'

// Starts 275 workers, ten at a time, while this thread works and collects too, and ends them in
// every way there is. Prints what is left behind. `with` or `without` tidemark: the second is what
// Node.js itself costs.
const { readdirSync } = require('node:fs')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const v8 = require('node:v8')
const vm = require('node:vm')
const { Worker } = require('node:worker_threads')

// Until malloc's arenas and Node's own caches have their size.
const WARM_UP = 75
const WORKERS = Number(process.argv[3] ?? 200)
const AT_ONCE = 10

// Memory is looked at after each: one look says little, since V8 keeps the pages of ended isolates
// for some seconds (--memory-pool-timeout) and gives them back all at once.
const ROUND = 25

// How a worker lives and ends: see soak-worker.js.
const LIVES = ['busy', 'collecting', 'pending', 'ends', 'throws', 'exits', 'restarts', 'starting']

const watched = process.argv[2] === 'with'
v8.setFlagsFromString('--expose-gc')
const gc = vm.runInNewContext('gc')
const watchedIsolates = watched ? require('../../binding').watchedIsolates : () => 0

/** Ends as it is told to, by itself or by terminate(): 'exit' comes in both cases. */
async function live (index) {
  const life = LIVES[index % LIVES.length]
  const worker = new Worker(path.join(__dirname, 'soak-worker.js'), { workerData: { life, watched } })
  const ended = new Promise((resolve) => {
    let error
    worker.on('error', (thrown) => { error = thrown.message })
    worker.on('exit', (code) => resolve({ life, code, error }))
  })
  if (life === 'starting') {
    // Somewhere between the start of the thread and the end of require().
    await sleep((index * 13) % 200)
    await worker.terminate()
  } else if (['busy', 'collecting', 'pending'].includes(life)) {
    await Promise.race([new Promise((resolve) => worker.once('message', resolve)), ended])
    await sleep((index * 7) % 30)
    await worker.terminate()
  }
  return ended
}

/** @param {Object<string, number>} outcomes how workers ended, counted here */
async function soak (from, to, outcomes) {
  let next = from
  const lane = async () => {
    while (next < to) {
      const { life, code, error } = await live(next++)
      const outcome = `${life}: ${error ?? `exit code ${code}`}`
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}

/** What this process holds, when it has come to rest. */
async function holdings () {
  let least
  for (let i = 0; i < 10; i++) {
    gc()
    await sleep(20)
    const { rss, heapTotal } = process.memoryUsage()
    const now = {
      // Of this thread's heap the load makes what it likes.
      memory: rss - heapTotal,
      watched: watchedIsolates(),
      fds: entries('/proc/self/fd'),
      threads: entries('/proc/self/task')
    }
    least ??= now
    for (const name of Object.keys(now)) least[name] = Math.min(least[name], now[name])
  }
  return least
}

function entries (folder) {
  return process.platform === 'linux' ? readdirSync(folder).length : 0
}

/** This thread works and collects meanwhile, and listens to it where it is watched. */
function load () {
  const tidemark = watched ? require('../..') : undefined
  tidemark?.on('gc', () => {})
  tidemark?.start({ sampleIntervalMs: 100, maxPauseMs: 10000 })
  let kept = []
  const timer = setInterval(() => {
    for (let i = 0; i < 2000; i++) kept.push({ i, text: `${i}` })
    if (kept.length > 100000) kept = []
  }, 5)
  return () => {
    clearInterval(timer)
    const { problems } = tidemark?.status() ?? { problems: [] }
    tidemark?.stop()
    return { problems, watchedAtEnd: watchedIsolates() }
  }
}

async function main () {
  const stopLoad = load()
  await soak(0, WARM_UP, {})
  const before = await holdings()
  const outcomes = {}
  const memory = []
  let after = before
  for (let done = 0; done < WORKERS; done += ROUND) {
    await soak(done, Math.min(done + ROUND, WORKERS), outcomes)
    after = await holdings()
    memory.push(after.memory)
  }
  console.log(JSON.stringify({ before, after, memory, outcomes, ...stopLoad() }))
}

main()
