'use strict'

// What tidemark costs, side by side with what else watches collections, alternating in one run.
// npm run bench [-- --json] [-- --quick] [-- --alone] [-- --only gc,express,start,memory,size]
// --quick is for seeing that it works: too few rounds for a figure to quote. --alone leaves out what others wrote.
const os = require('node:os')
const { parseArgs } = require('node:util')
const { bytes } = require('../../lib/format')
const { installPeers } = require('./peers')
const sections = require('./sections')

const GOALS = {
  'a GC costs at least 20 times less than with PerformanceObserver': ({ gc }) => {
    const observer = gc?.find(({ variant }) => variant === 'PerformanceObserver').usPerGc
    const own = gc?.find(({ variant }) => variant === 'tidemark')
    // The larger of the two readings counts against us.
    return gc && goal(observer / Math.max(own.callbackUs, own.usPerGc, 0.001), (times) => times >= 20, (times) => `${times.toFixed(0)} times`)
  },
  'a full GC costs at most 15 us, with RSS and verdict': ({ gc }) =>
    gc && goal(find(gc, 'tidemark').fullUs, (us) => us <= 15, (us) => `${us.toFixed(1)} us`),
  'requests per second at least 0.995 of bare, by CPU time, with a listener': ({ express }) => capacity(express, 'tidemark (listener)'),
  'at most 2 % of the server\'s time is the middleware\'s': ({ express }) =>
    express && goal(find(express, 'tidemark (middleware)').ownShare, (share) => share <= 0.02, (share) => `${(100 * share).toFixed(2)} %`),
  'requests per second at least 0.97 of bare, by CPU time, while evidence is collected': ({ express }) =>
    capacity(express, 'tidemark (collecting evidence)', 0.97),
  'require + start take at most 8 ms of CPU in a server': ({ start }) =>
    start && goal(inServer(start, 'tidemark').cpuMs.median, (ms) => ms <= 8, (ms) => `${ms.toFixed(1)} ms${ratiosOf(start)}`),
  'and at most 4 MB of memory': ({ start }) =>
    start && goal(inServer(start, 'tidemark').rss, (size) => size <= 4e6, (size) => `${bytes(size)}, ${bytes(inServer(start, 'tidemark').private)} of them private`),
  'own memory at most 1 MiB': ({ memory }) =>
    memory && goal(memory[0].ownMemory, (size) => size <= 1048576, bytes),
  'installed size at most 3.5 MB': ({ size }) =>
    size && goal(size.at(-1).unpackedSize, (all) => all <= 3.5e6, (all) => `${(all / 1e6).toFixed(2)} MB`)
}

const TABLES = {
  gc: ['Cost of a collection, CPU beyond bare Node', ({ variant, usPerGc, low, high, callbackUs, fullUs }) => ({
    variant,
    'us/GC': usPerGc.toFixed(2),
    'middle half of rounds': `${low.toFixed(2)} to ${high.toFixed(2)}`,
    'by its own clock': callbackUs === undefined ? '' : `${callbackUs.toFixed(2)} us, a full GC ${fullUs.toFixed(1)} us`
  })],
  express: ['Express under autocannon, 20 connections', ({ variant, requestsPerSecond, p99Ms, ratio, cpuUs, cpuRatio, ownShare }) => ({
    variant,
    'requests/s': requestsPerSecond.toFixed(0),
    'p99 ms': p99Ms,
    'of bare': `${ratio.median.toFixed(3)} (${ratio.low.toFixed(3)} to ${ratio.high.toFixed(3)})`,
    'CPU us/request': cpuUs.toFixed(1),
    'in own code': ownShare === undefined ? '' : `${(100 * ownShare).toFixed(2)} %`,
    'capacity of bare': `${cpuRatio.median.toFixed(3)} (${cpuRatio.low.toFixed(3)} to ${cpuRatio.high.toFixed(3)})`
  })],
  start: ['require + start beyond bare Node, in a fresh process and in one that is a server', ({ variant, where, ms, cpuMs, rss, private: own }) => ({
    variant,
    in: where,
    ms: ms.median.toFixed(1),
    'CPU ms': cpuMs.median.toFixed(1),
    'middle half of rounds': `${cpuMs.low.toFixed(1)} to ${cpuMs.high.toFixed(1)}`,
    RSS: bytes(rss),
    'of it private': bytes(own)
  })],
  memory: ['Own memory, default options', ({ variant, ownMemory }) => ({ variant, bytes: bytes(ownMemory) })],
  size: ['Installed size', ({ variant, unpackedSize }) => ({ package: variant, size: `${(unpackedSize / 1e6).toFixed(2)} MB` })]
}

async function main () {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, alone: { type: 'boolean' }, only: { type: 'string' } }
  })
  const say = (text) => process.stderr.write(text)
  const wanted = values.only === undefined ? Object.keys(TABLES) : values.only.split(',')
  for (const name of wanted) if (!(name in TABLES)) throw new Error(`Unknown section '${name}'. There are: ${Object.keys(TABLES).join(', ')}`)
  const needPeers = !values.alone && (wanted.includes('gc') || wanted.includes('start'))
  const peers = needPeers ? installPeers((line) => say(`${line}\n`)) : {}

  const results = {}
  for (const name of wanted) {
    const progress = (done, all) => say(`\r${name}: ${done}/${all}${done === all ? '\n' : ''}`)
    results[name] = await sections[name]({ peers, quick: values.quick, progress })
  }
  const goals = Object.entries(GOALS).flatMap(([name, judge]) => {
    const judged = judge(results)
    return judged === undefined ? [] : [{ goal: name, ...judged }]
  })
  const machine = { node: process.version, cpu: os.cpus()[0]?.model, cores: os.cpus().length, load: os.loadavg()[0] }

  if (values.json) {
    console.log(JSON.stringify({ machine, results, goals }))
    return
  }
  console.log(`Node.js ${machine.node}, ${machine.cores} cores, ${machine.cpu}, load ${machine.load.toFixed(1)}`)
  for (const name of wanted) {
    const [title, row] = TABLES[name]
    console.log(`\n${title}`)
    console.table(results[name].map(row))
  }
  console.log('\nGoals')
  for (const { goal: name, measured, reached } of goals) console.log(`${reached ? 'reached' : 'MISSED '}  ${name}: ${measured}`)
}

function find (rows, variant) {
  return rows.find((row) => row.variant === variant)
}

function inServer (start, variant) {
  return start.find((row) => row.variant === variant && row.where === 'server')
}

/** Milliseconds are the machine's; beside peers in the same run they say more. */
function ratiosOf (start) {
  const own = inServer(start, 'tidemark').cpuMs.median
  const peers = start.filter(({ variant, where }) => where === 'server' && ['gc-stats', 'prom-client'].includes(variant))
  return peers.map(({ variant, cpuMs }) => `, ${(own / cpuMs.median).toFixed(1)} times ${variant}`).join('')
}

function capacity (express, variant, least = 0.995) {
  return express && goal(find(express, variant).cpuRatio.median, (ratio) => ratio >= least, (ratio) => ratio.toFixed(3))
}

function goal (value, holds, show) {
  return { value, measured: show(value), reached: holds(value) }
}

main().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
