'use strict'

// One dictionary with so many keys that listing them would block the event loop, of the kind that is
// asked for. Prints the most keys that were listed at a time, and what a census and the evidence saw.

let longest = 0
const { ownKeys } = Reflect
Reflect.ownKeys = (object) => {
  const keys = ownKeys(object)
  longest = Math.max(longest, keys.length)
  return keys
}

const { EventEmitter } = require('node:events')
const { census, CensusEvidence } = require('../../lib/evidence/census')
const { createMeans } = require('../helpers/means')

const KEYS = 400000

class Store {
  sessions = new Map([[1, 1]])
  #secrets = new Map()
  fill (make) { for (let i = 0; i < KEYS; i++) this[`key ${i}`] = make(i) }
  get secrets () { return this.#secrets }
}

class Cache {
  #entries = new Map([[1, 1], [2, 2]])
  get size () { return this.#entries.size }
}

const kinds = {
  emitter () {
    const bus = new EventEmitter()
    const listener = () => {}
    for (let i = 0; i < KEYS; i++) bus.once(`reply:${i}`, listener)
    module.exports.bus = bus
  },
  module () {
    for (let i = 0; i < KEYS; i++) module.exports[`key ${i}`] = i
    module.exports.kept = new Map([[1, 1]])
    module.exports.cache = new Cache()
  },
  instance () {
    const store = new Store()
    store.fill(Number)
    module.exports.store = store
  },
  entry () {
    const store = new Store()
    store.fill(Number)
    module.exports.stores = new Map([['first', { store }], ['second', store]])
  }
}

async function main () {
  kinds[process.argv[2]]()
  longest = 0
  // Nothing of a census keeps a process alive.
  const alive = setInterval(() => {}, 1000)
  const { containers, emitters, problems } = await census({}, createMeans())
  const evidence = new CensusEvidence(createMeans())
  evidence.start()
  do await new Promise((resolve) => setTimeout(resolve, 10)); while (evidence.cost.walks === 0)
  module.exports.stores?.set('third', module.exports.stores.get('second'))
  for (let i = 0; i < 300; i++) module.exports.stores?.set(i, {})
  const findings = await evidence.findings()
  evidence.stop()
  process.stdout.write(JSON.stringify({
    longest,
    sizes: Object.fromEntries([...containers, ...emitters].map(({ name, size }) => [name, size])),
    problems: [...problems, ...evidence.problems],
    findings: findings.map(({ description }) => description)
  }))
  clearInterval(alive)
}

main()
