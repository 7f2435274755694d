'use strict'

// Everything that an object can do to who looks at it. Prints how often code of the app ran.

const { EventEmitter } = require('node:events')
const { census, CensusEvidence } = require('../../lib/evidence/census')
const { createMeans } = require('../helpers/means')

let touched = []
const touch = (what) => { touched.push(what); throw new Error(`the app's ${what} was called`) }
const traps = new Proxy({}, { get: (_, trap) => () => touch(`trap ${String(trap)}`) })
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

class Named {
  static get name () { return touch('static name') }
  get [Symbol.toStringTag] () { return touch('toStringTag') }
  get size () { return touch('size') }
  get length () { return touch('length') }
  toString () { return touch('toString') }
  toJSON () { return touch('toJSON') }
  valueOf () { return touch('valueOf') }
  [Symbol.toPrimitive] () { return touch('toPrimitive') }
  [Symbol.iterator] () { return touch('iterator') }
}
class BadMap extends Map {
  get size () { return touch('size of a Map') }
  entries () { return touch('entries') }
  [Symbol.iterator] () { return touch('iterator of a Map') }
  forEach () { touch('forEach') }
}

// What the inspector looks for to describe objects with private fields, their values and prototypes.
class Hidden { #hidden = {}; hidden () { return this.#hidden } }
class Splice extends Hidden { get splice () { return touch('splice') } }
class InheritsSplice extends Splice {}
class HoldsSplice extends Hidden { held = new Splice() }
class Length extends Hidden { splice () { touch('splice()') } get length () { return touch('length of a prototype') } }
class ListOf extends Array { #hidden = {}; hidden () { return this.#hidden } get length () { return touch('length of a list') } }
class OfProxy extends Hidden {}
Object.setPrototypeOf(OfProxy.prototype, new Proxy({}, { get: () => touch('get of a prototype') }))
class OfError extends Hidden {}
const ofError = Object.setPrototypeOf(new OfError(), Object.defineProperties(new Error('a prototype'), {
  constructor: { value: OfError }, stack: { get: () => touch('stack of a prototype') }
}))
const describedFunction = Object.assign(() => badMap, { held: new Splice() })

const poisoned = new EventEmitter()
Object.defineProperty(poisoned, 'listeners', { get: () => touch('listeners') })
poisoned.listenerCount = () => touch('listenerCount')
poisoned.eventNames = () => touch('eventNames')
const poisonedEvents = new EventEmitter()
Object.defineProperty(poisonedEvents, '_events', { get: () => touch('_events') })
const proxyEvents = new EventEmitter()
Object.defineProperty(proxyEvents, '_events', { value: new Proxy({}, { ownKeys: () => touch('ownKeys of _events') }) })

const getters = Object.defineProperty({}, 'secret', { enumerable: true, get: () => touch('getter') })
const withStack = new Error('formatted')
const array = [1, 2, 3]
Object.defineProperty(array, 1, { get: () => touch('getter of an element') })
const badMap = new BadMap()
for (let i = 0; i < 100; i++) Map.prototype.set.call(badMap, i, new Named())
const badPrototype = Object.create(new Proxy({}, { getPrototypeOf: () => touch('getPrototypeOf') }))
const fn = () => badMap
Object.defineProperty(fn, 'name', { get: () => touch('name of a function') })
fn.toString = () => touch('toString of a function')

Error.prepareStackTrace = () => { touched.push('prepareStackTrace'); return 'stack' }

exports.hostile = {
  array, badMap, badPrototype, fn, getters, poisoned, poisonedEvents, proxyEvents, withStack,
  proxy: new Proxy({}, traps),
  functionProxy: new Proxy(function () {}, traps),
  revoked: revoked(),
  frozen: Object.freeze({ inner: Object.freeze(new Map([[1, revoked()]])) }),
  nullPrototype: Object.assign(Object.create(null), { cache: new Set([new Proxy({}, traps)]) }),
  instance: new Named(),
  described: [new Splice(), new InheritsSplice(), new HoldsSplice(), new Length(), new ListOf(), new OfProxy(), ofError],
  describedFunction,
  dictionary: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key-${i}`, i % 2 ? new Proxy({}, traps) : new Named()])),
  buffers: [Buffer.alloc(10), new ArrayBuffer(10), new SharedArrayBuffer(10), new DataView(new ArrayBuffer(10))],
  promise: Promise.resolve([new Proxy({}, traps)]),
  weak: new WeakMap([[getters, new Map()]]),
  constructorGetter: Object.create(Object.defineProperty({}, 'constructor', { get: () => touch('constructor') })),
  errors: new Map(Array.from({ length: 200 }, (_, i) => [i, new Error(`number ${i}`)])),
  cacheOfErrors: Object.assign(new Error('has a cache'), { max: 1000, options: new Error('settings'), entries: new Map() }),
  list: Object.assign(new Error('a'), { next: Object.assign(new Error('b'), { next: Object.assign(new Error('c'), { next: new Error('d') }) }) }),
  capGetter: { get max () { return touch('max') }, entries: new Map() },
  circular: null
}
exports.hostile.circular = exports.hostile
exports.fill = () => exports.hostile.badMap

async function main () {
  // Nothing of a census keeps a process alive.
  const alive = setInterval(() => {}, 1000)
  const result = await census({}, createMeans())
  const evidence = new CensusEvidence({ ...createMeans(), held: () => [{ route: 'GET /', ref: new WeakRef(getters) }] })
  evidence.start()
  do await new Promise((resolve) => setTimeout(resolve, 10)); while (evidence.cost.walks === 0)
  for (let i = 0; i < 300; i++) {
    exports.hostile.errors.set(`new ${i}`, new Error(`new ${i}`))
    exports.hostile.cacheOfErrors.entries.set(i, new Error(`in a cache ${i}`))
    exports.hostile.capGetter.entries.set(i, new Named())
  }
  for (let i = 0; i < 300; i++) Map.prototype.set.call(badMap, `new ${i}`, new Named())
  evidence.tick(0, { fullGcs: 0, level: 0 })
  const findings = await evidence.findings()
  evidence.stop()
  const seen = touched
  touched = []
  process.stdout.write(JSON.stringify({
    touched: seen,
    containers: result.containers.map(({ name, size }) => `${name}: ${size}`),
    problems: [...result.problems, ...evidence.problems],
    findings: findings.map(({ description }) => description)
  }))
  clearInterval(alive)
}

main()
