'use strict'

const { fork } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
const autocannon = require('autocannon')

const LOAD = [{ rate: 400 }]
const CONNECTIONS = 20
/** A leak that was told needs no more time; a little, to see whether it is taken back. */
const AFTERMATH_MS = 3000

/**
 * Runs one app of the zoo under load.
 * @param {string} name of the file in the folder of apps
 * @param {object} options
 * @param {string} options.apps the folder of the apps
 * @param {number} options.seconds
 * @param {string[]} options.nodeArgs
 * @param {string} options.node the node that runs the app
 * @param {string} options.tidemark folder of the package
 * @param {string} options.modules folder of what the apps require
 * @param {boolean} options.full also where the leak was told, go on to the end
 */
async function run (name, { apps, seconds, nodeArgs, node, tidemark, modules, full }) {
  const zooApp = require(path.join(apps, name))
  const seen = { leaks: [], recovered: [], warnings: [], stderr: '' }
  const child = fork(path.join(__dirname, 'server.js'), [path.join(apps, name), tidemark, seconds], {
    execPath: node,
    execArgv: nodeArgs,
    env: { ...process.env, NODE_PATH: modules },
    silent: true
  })
  child.stderr.on('data', (text) => { seen.stderr = (seen.stderr + text).slice(-2000) })
  child.stdout.resume()
  const exited = once(child, 'exit')
  const message = messages(child)
  try {
    const { port } = await Promise.race([message('listening'), exited.then(() => { throw new Error(`did not start: ${seen.stderr}`) })])
    const startedAt = performance.now()
    const at = () => (performance.now() - startedAt) / 1000
    const enough = new Promise((resolve) => {
      child.on('message', ({ event, payload }) => {
        if (event === 'leak') {
          seen.leaks.push({ at: at(), ...payload })
          if (!full && zooApp.label === 'leak' && zooApp.channel.includes(payload.channel)) setTimeout(resolve, AFTERMATH_MS)
        }
        if (event === 'recovered') seen.recovered.push({ at: at(), ...payload })
        if (event === 'warning' || event === 'error') seen.warnings.push(payload)
      })
    })
    const load = startLoad(zooApp, port, seconds)
    const crashed = await Promise.race([load.done, enough, exited.then(([code, signal]) => ({ code, signal }))])
    const took = at()
    await load.stop()
    if (crashed?.code !== undefined) return { name, label: zooApp.label, took, crashed, ...seen, ...load.totals() }
    child.send('report')
    const report = await Promise.race([message('report'), exited.then(() => ({}))])
    return { name, label: zooApp.label, hard: zooApp.hard ?? false, channel: zooApp.channel, took, ...seen, ...load.totals(), ...report }
  } finally {
    child.kill()
    await exited
  }
}

function messages (child) {
  return (wanted) => new Promise((resolve) => {
    child.on('message', ({ event, payload }) => { if (event === wanted) resolve(payload) })
  })
}

/** One autocannon for each part of the load; all draw from one counter, so that each request is new. */
function startLoad ({ request, load = LOAD }, port, seconds) {
  const totals = { non2xx: 0, timeouts: 0, p99: 0 }
  const cannons = []
  const fired = []
  const timers = []
  let n = 0
  const start = ({ rate, from = 0, connections = CONNECTIONS, reconnectRate }) => {
    const cannon = autocannon({
      url: `http://127.0.0.1:${port}`,
      connections: Math.min(connections, rate),
      overallRate: rate,
      duration: Math.max(1, Math.round(seconds * (1 - from))),
      ...reconnectRate && { reconnectRate },
      requests: [{ setupRequest: (defaults) => ({ ...defaults, ...request(n++) }) }]
    })
    cannons.push(cannon)
    const ended = cannon.then((result) => {
      totals.non2xx += result.non2xx
      totals.timeouts += result.timeouts + result.errors
      totals.p99 = Math.max(totals.p99, result.latency.p99)
    })
    fired.push(ended)
    return ended
  }
  const parts = load.map((part) => new Promise((resolve, reject) => {
    timers.push(setTimeout(() => start(part).then(resolve, reject), (part.from ?? 0) * seconds * 1000))
  }))
  return {
    done: Promise.all(parts),
    async stop () {
      timers.forEach(clearTimeout)
      for (const cannon of cannons) cannon.stop()
      await Promise.allSettled(fired)
    },
    totals: () => totals
  }
}

module.exports = { run }
