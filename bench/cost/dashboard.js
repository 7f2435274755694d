'use strict'

// What open pages cost the process that they look at: its processor time with none and with 50, in an app that works and
// collects. The readers are in this process, the app in a child.
//   node bench/cost/dashboard.js [--seconds 20] [--streams 50]

const { fork } = require('node:child_process')
const http = require('node:http')
const { setTimeout: wait } = require('node:timers/promises')
const { parseArgs } = require('node:util')

if (process.send === undefined) main()
else app()

async function main () {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '20' }, streams: { type: 'string', default: '50' } } })
  const [seconds, streams] = [Number(values.seconds), Number(values.streams)]
  const child = fork(__filename)
  const port = await answer(child)
  await wait(3000)
  const before = await measure(child, seconds)
  let received = 0
  const readers = await Promise.all(Array.from({ length: streams }, () => open(port, (bytes) => { received += bytes })))
  await wait(3000)
  received = 0
  const during = await measure(child, seconds)
  console.log(`processor time of the app: ${percent(before)} of a core without a page, ${percent(during)} with ${streams}: the pages cost ${percent(during - before)}`)
  console.log(`${(received / seconds / streams / 1000).toFixed(2)} kB a second for each`)
  for (const reader of readers) reader.destroy()
  child.kill()
}

/** @returns {Promise<number>} the share of a core */
async function measure (child, seconds) {
  child.send('cpu')
  const { cpu: from, at: fromAt } = await answer(child)
  await wait(seconds * 1000)
  child.send('cpu')
  const { cpu: to, at: toAt } = await answer(child)
  return (to - from) / (toAt - fromAt) / 1000
}

function answer (child) {
  return new Promise((resolve) => child.once('message', resolve))
}

function open (port, onBytes) {
  return new Promise((resolve) => {
    const req = http.get({ port, path: '/events', agent: false, host: '127.0.0.1' }, (res) => {
      res.on('data', (chunk) => onBytes(chunk.length)).on('error', () => {})
      resolve(req)
    })
  })
}

function percent (share) {
  return `${(share * 100).toFixed(2)} %`
}

function app () {
  const tidemark = require('../..')
  const dashboard = tidemark.dashboard({ maxStreams: 1000 })
  setInterval(() => { Array.from({ length: 3000 }, (_, garbage) => ({ garbage })) }, 20)
  setInterval(() => tidemark.gc(), 2000)
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send({ cpu: user + system, at: performance.now() })
  })
  http.createServer((req, res) => dashboard(req, res)).listen(0, '127.0.0.1', function () { process.send(this.address().port) })
}
