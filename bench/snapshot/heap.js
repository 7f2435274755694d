'use strict'

/**
 * Fills the heap with what services fill it with, and writes a snapshot of it:
 *
 *     node heap.js FILE SCALE [--leak N]
 *
 * SCALE 1 makes a file of about 2 MB above the 6 MB of Node.js itself.
 */

const v8 = require('node:v8')
const { EventEmitter } = require('node:events')
const { AsyncLocalStorage } = require('node:async_hooks')

class Order {
  constructor (id) {
    this.id = id
    this.items = [{ sku: `sku-${id % 500}`, quantity: id % 7 }, { sku: `sku-${id % 311}`, quantity: 1.5 * id }]
    this.placed = new Date(id * 1000)
    this.note = `order ${id} of customer ${id % 97}`
  }
}

class Session {
  constructor (user, order) {
    this.user = user
    this.order = order
    this.touch = () => { this.seen = user.name }
  }
}

const service = {
  sessions: new Map(),
  orders: [],
  byKey: Object.create(null),
  tags: new Set(),
  meta: new WeakMap(),
  emitter: new EventEmitter().setMaxListeners(0),
  pending: [],
  chains: null,
  storage: new AsyncLocalStorage()
}

function fill (scale) {
  for (let i = 0; i < scale * 1000; i++) {
    const order = new Order(i)
    const user = { name: `user ${i}`, roles: i % 3 ? ['reader'] : ['reader', 'writer'], address: { city: `city ${i % 50}`, zip: i } }
    const session = new Session(user, order)
    service.sessions.set(i, session)
    service.orders.push(order)
    if (i % 4 === 0) service.byKey[`key-${i}`] = { order, previous: service.chains }
    if (i % 5 === 0) service.meta.set(session, { order, at: i, payload: new Array(3).fill(order.note) })
    if (i % 6 === 0) service.tags.add(order.note + ' / ' + user.name)
    if (i % 7 === 0) service.emitter.on('order', function onOrder () { return order })
    if (i % 9 === 0) service.pending.push(service.storage.run({ request: i }, () => new Promise((resolve) => { order.resolve = resolve }).then(() => user)))
    service.chains = { next: service.chains, value: i % 11 ? i : Buffer.from(`chunk ${i}`) }
  }
}

const requests = new Map()

function leak (count) {
  for (let i = 0; i < count; i++) {
    requests.set(`request-${i}`, { url: `/orders/${i}`, headers: { host: 'localhost', 'x-request-id': `${i}` }, body: Buffer.alloc(16) })
  }
}

const [file, scale, , leaked] = process.argv.slice(2)
fill(Number(scale))
leak(Number(leaked ?? 0))
v8.writeHeapSnapshot(file)
