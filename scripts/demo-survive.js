'use strict'

// A cluster that leaks, under load: worker by worker steps aside before it would be killed. Ends with the
// number of failed requests, and with what the recorder says of those that left and of one that is killed on
// purpose. Ends with 0 only if none failed. `npm run demo:survive`

const { mkdtempSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: wait } = require('node:timers/promises')
const { setup } = require('./setup')
const { exitWith, must } = require('./steps')
const { Screen } = require('./demo/screen')

const CLI = path.join(__dirname, '..', 'bin', 'tidemark.js')
const WORKERS = 3

/** The demo goes on until each worker has stepped aside, and at most so long. */
const MOST_MS = 60000
/** What a new worker needs to have something in its file. */
const SETTLE_MS = 5000

async function demo () {
  await setup()
  const { isKilled, openCluster } = require('../bench/survive/run') // needs what setup installs
  const { drive } = require('../bench/survive/load')
  const screen = new Screen(process.stdout)
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tidemark-demo-'))
  const startedAt = performance.now()
  const say = (text) => screen.say(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${text}`)
  /** By process id. @type {{left: number[], killed: number[], listening: number[]}} */
  const seen = { left: [], killed: [], listening: [] }

  screen.title('1  A cluster that leaks, under load', 'bench/survive/cluster.js')
  screen.say(`${WORKERS} Express workers; each of 400 requests a second leaves 16 kB behind`)
  const cluster = await openCluster({ aside: true, workers: WORKERS, groupMb: 500, heapMb: 150, bytesPerRequest: 16000, directory }, (event) => {
    const { pid } = event
    if (event.event === 'listening') {
      seen.listening.push(pid)
      say(`${pid} listens`)
    }
    if (event.event === 'leak') say(`${pid} leaks: ${event.message}`.slice(0, 160))
    if (event.state === 'waiting') say(`${pid} is critical: ${event.reason}`)
    if (event.state === 'replacing') say(`${pid} asks for its replacement`)
    if (event.state === 'draining') say(`${pid} takes no new connections`)
    if (event.event !== 'exit') return
    say(`${pid} ${isKilled(event) ? `was killed, ${event.signal ?? event.code}` : 'has left'}`)
    const ended = isKilled(event) ? seen.killed : seen.left
    ended.push(pid)
  })
  try {
    const load = drive({ url: cluster.url, connections: 30, rate: 400, seconds: MOST_MS / 1000 + 60 })
    while (seen.left.length < WORKERS && performance.now() - startedAt < MOST_MS) await wait(100)
    await wait(SETTLE_MS)
    load.stop()
    const { requests, failed, p99Ms } = await load.ended
    const allLeft = screen.verdict(seen.left.length >= WORKERS && seen.killed.length === 0, `${seen.left.length} workers stepped aside, ${seen.killed.length} were killed`)
    const noneFailed = screen.verdict(failed === 0, `${failed} of ${requests} requests failed; p99 ${p99Ms} ms`)

    screen.title('2  One is killed on purpose', 'SIGKILL')
    const victim = /** @type {number} */ (seen.listening.find((pid) => !seen.left.includes(pid)))
    process.kill(victim, 'SIGKILL')
    const before = seen.listening.length
    // Its successor tells of it, and renames its file.
    while (seen.listening.length === before) await wait(50)
    await wait(1000)
    for (const args of [() => ['ps', directory], () => ['recorder', fileOf(directory, seen.left[0])], () => ['recorder', fileOf(directory, victim)]]) {
      const [command, place] = args()
      screen.title(`tidemark ${command} ${path.basename(place)}`)
      process.stdout.write((await must(process.execPath, [CLI, command, place], { env: { NO_COLOR: '1' } })).stdout)
    }
    process.exitCode = allLeft && noneFailed ? 0 : 1
  } finally {
    await cluster.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

function fileOf (directory, pid) {
  const { listFlights } = require('../binding.js')
  return JSON.parse(listFlights(directory)).find(({ identity }) => identity?.pid === pid).file
}

demo().catch(exitWith)
