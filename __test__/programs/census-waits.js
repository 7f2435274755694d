'use strict'

// What waits without a container of the app: a linked list, marks of performance, a module that is loaded again and
// again, events that nobody takes; beside them healthy ones of each kind. Prints the findings.

const events = require('node:events')
const { writeFileSync, mkdtempSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
const { censusOf } = require('../helpers/census-walks')

const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-waits-'))
const plugin = path.join(folder, 'plugin.js')
writeFileSync(plugin, 'module.exports = Array.from({ length: 20 }, (_, i) => `rule number ${i}`)')

class Undo { constructor (next, n) { Object.assign(this, { text: `what was typed before ${n}`, next }) } }
class Job { constructor (n) { this.n = n; this.next = null } }
let undo = null
const queue = { head: null, tail: null }
const source = new events.EventEmitter()
const iterator = events.on(source, 'tick')
let n = 0

function work () {
  for (let i = 0; i < 100; i++) {
    n++
    undo = new Undo(undo, n)
    // A queue of which as many are taken as come.
    const job = new Job(n)
    if (queue.tail === null) queue.head = job
    else queue.tail.next = job
    queue.tail = job
    if (n > 50) queue.head = queue.head.next
    performance.mark(`step ${n}`)
    performance.measure('done')
    performance.clearMeasures('done')
    source.emit('tick', { n, text: `tick number ${n}` })
  }
  for (let i = 0; i < 20; i++) {
    require(plugin)
    delete require.cache[plugin]
  }
}

exports.keeps = { work, undo: () => undo, queue, source, iterator }
work()

async function main () {
  const alive = setInterval(() => {}, 1000)
  const told = await censusOf(work, 5)
  rmSync(folder, { recursive: true })
  process.stdout.write(JSON.stringify(told))
  clearInterval(alive)
}

main()
