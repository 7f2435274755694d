'use strict'

// Containers that hang in all the places where programs have them; prints what a census calls them.

const { EventEmitter } = require('node:events')
const http = require('node:http')
const vm = require('node:vm')
const { census } = require('../../lib/evidence/census')

const inModule = new Map()
const emitter = new EventEmitter().setMaxListeners(0)
const foreign = vm.runInNewContext('new Map()')

class Store {
  #entries = new Map()
  sessions = Object.create(null)

  put (id, value) {
    this.#entries.set(id, value)
    this.sessions[id] = value
  }
}

class Registry {
  static #instance
  entries = []

  static get instance () {
    return Registry.#instance ??= new Registry()
  }
}

const store = new Store()
const log = {
  lines: [],
  write (line) {
    this.lines.push(line)
  }
}
const controller = new AbortController()
let reassigned = []
process.setMaxListeners(0)
exports.exported = new Set()
globalThis.inGlobal = []
globalThis.symbolic = { [Symbol('hidden')]: new Set(range(42)) }

function range (count) {
  return Array.from({ length: count }, (_, i) => ({ i }))
}

function listen () {
  const inClosure = new Map()
  return http.createServer((req, res) => {
    inClosure.set(req.url, req)
    res.end()
  })
}

/** A variable that is never reached stays in its temporal dead zone. */
async function serve () {
  const served = new Map(range(43).map((value, i) => [i, value]))
  exports.size = () => served.size + (neverThere?.length ?? 0)
  await new Promise(() => {})
  const neverThere = []
}
serve()

function bound () {
  return this.size
}
const boundTo = bound.bind(new Map(range(41).map((value, i) => [i, value])))

function fill () {
  for (const value of range(50)) {
    inModule.set(value.i, value)
    log.write(value)
    foreign.set(value.i, value)
    emitter.on('change', () => inModule.size + boundTo())
    store.put(`id-${value.i}`, value)
    Registry.instance.entries.push(value)
    exports.exported.add(value)
    globalThis.inGlobal.push(Buffer.alloc(8))
    process.on('exit', () => value)
    controller.signal.addEventListener('abort', () => value)
    reassigned = [...reassigned, value]
    timers.push(setInterval(() => value, 86399999))
  }
}

const timers = []
fill()
const timer = setInterval(() => fill(), 86400000)
const server = listen().listen(0, '127.0.0.1', async () => {
  const get = () => new Promise((resolve) => http.get({ port: server.address().port, path: `/${Math.random()}`, agent: false }, (res) => res.resume().on('end', resolve)))
  for (let i = 0; i < 40; i++) await get()
  const first = await census()
  fill()
  const second = await census({ since: JSON.parse(JSON.stringify(first)) })
  process.stdout.write(JSON.stringify({ first, second }))
  clearInterval(timer)
  timers.forEach(clearInterval)
  server.close()
  server.closeAllConnections?.()
})
