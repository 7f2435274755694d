'use strict'

// A leaky Express app in a cluster of 3, under keep-alive load and a memory limit, until every worker would
// have died three times: how many processes are killed and how many requests fail, without and with stepping
// aside. npm run bench:survive [-- --quick] [--seconds 600] [--limit MB] [--json]

const { parseArgs } = require('node:util')
const { survive } = require('./run')

const WORKERS = 3
const DEATHS = 3 * WORKERS

/** Of all processes together, with the 16 kB that each of 400 requests a second leaves behind. */
const GROUP_MB = 500
/** Of each worker, where no memory group can be made. */
const HEAP_MB = 150

async function main () {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, seconds: { type: 'string', default: '600' }, limit: { type: 'string' }, json: { type: 'boolean', default: false } }
  })
  const options = { workers: WORKERS, groupMb: Number(values.limit ?? GROUP_MB), heapMb: Number(values.limit ?? HEAP_MB), bytesPerRequest: 16000, rate: 400 }
  const say = (text) => process.stderr.write(`${text}\n`)
  say(`without stepping aside, until ${DEATHS} workers have died`)
  const without = await survive({ ...options, aside: false, seconds: values.quick ? 10 : Number(values.seconds), enough: DEATHS })
  say(`with it, for the ${without.seconds.toFixed(0)} s that this took`)
  const aside = await survive({ ...options, aside: true, seconds: Math.round(without.seconds) })
  if (values.json) console.log(JSON.stringify({ without, with: aside }))
  else print(without, aside, options)
  if (!values.quick) process.exitCode = without.killed >= DEATHS && aside.killed === 0 && aside.failed === 0 ? 0 : 1
}

function print (without, aside, { groupMb, heapMb, rate }) {
  const rows = [
    ['', 'without', 'stepping aside'],
    ['killed processes', without.killed, aside.killed],
    ['workers that stepped aside', 0, aside.asides],
    ['requests', without.requests, aside.requests],
    ['failed requests', without.failed, aside.failed],
    ['p50', `${without.p50Ms} ms`, `${aside.p50Ms} ms`],
    ['p99', `${without.p99Ms} ms`, `${aside.p99Ms} ms`],
    ['the slowest', `${without.mostMs.toFixed(0)} ms`, `${aside.mostMs.toFixed(0)} ms`]
  ]
  for (const [name, ...figures] of rows) console.log(`${name.padEnd(28)}${figures.map((figure) => String(figure).padStart(16)).join('')}`)
  const limit = without.limitedBy === 'heap' ? `V8's heap limit of ${heapMb} MB each` : `a memory group of ${groupMb} MB`
  console.log(`\n${WORKERS} workers in ${limit}, ${rate} requests a second over 30 kept connections, ${without.seconds.toFixed(0)} s each, Node.js ${process.versions.node}`)
  for (const problem of new Set(aside.problems)) console.log(`problem: ${problem}`)
}

main()
