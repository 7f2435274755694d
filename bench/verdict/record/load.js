'use strict'

// What the programs are driven with: a paced load, payloads that look like those of services, and
// an HTTP client in the same process.
const http = require('node:http')
const { randomBytes } = require('node:crypto')
const { setTimeout: wait } = require('node:timers/promises')

const TICK_MS = 20

class Load {
  #start = performance.now()
  #seed

  constructor (seed = 1) {
    this.#seed = seed
    /** Requests served so far. */
    this.requests = 0
  }

  /** Since the start. */
  seconds () {
    return (performance.now() - this.#start) / 1000
  }

  /** Calls `handle(i)` so often per second: a number, or a function of the seconds since the start. */
  rate (perSecond, handle) {
    let due = 0
    let last = this.seconds()
    let i = 0
    const of = typeof perSecond === 'function' ? perSecond : () => perSecond
    setInterval(() => {
      const now = this.seconds()
      due += of(now) * Math.min(now - last, 0.25)
      last = now
      for (; due >= 1; due--) {
        this.requests++
        handle(i++)
      }
    }, TICK_MS)
  }

  every (ms, run) {
    setInterval(run, ms)
  }

  /** Serves `app` on loopback and asks it for `path(i)` so often per second. */
  http (app, perSecond, path) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 32 })
    const server = http.createServer(app).listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      let open = 0
      const of = typeof perSecond === 'function' ? perSecond : () => perSecond
      let due = 0
      let last = this.seconds()
      let i = 0
      setInterval(() => {
        const now = this.seconds()
        due = Math.min(due + of(now) * Math.min(now - last, 0.25), 200)
        last = now
        for (; due >= 1 && open < 100; due--) {
          open++
          const done = () => { open-- }
          http.get({ port, host: '127.0.0.1', agent, path: path(i++), headers: { 'user-agent': 'load/1.0' } }, (response) => {
            this.requests++
            response.resume().on('end', done).on('error', done)
          }).on('error', done)
        }
      }, TICK_MS)
    })
  }

  /** The same sequence in every run, 0 to 1. */
  random () {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0
    return this.#seed / 2 ** 32
  }

  /** 0 to count - 1, the low ones far more often. */
  zipf (count, skew = 1) {
    const most = count ** (1 - skew) || 1
    return skew === 1
      ? Math.floor(count ** this.random()) - 1
      : Math.floor(((most - 1) * this.random() + 1) ** (1 / (1 - skew))) - 1
  }

  /** Text of so many bytes that no other payload shares. */
  text (bytes) {
    return randomBytes(bytes >> 1).toString('hex')
  }

  /** A row as it comes from a database, about `bytes` large. */
  row (i, bytes = 400) {
    return { id: i, at: Date.now(), name: `row ${i}`, tags: ['a', i % 7, { region: i % 3 }], body: this.text(bytes) }
  }

  /** What a request allocates and needs until it has waited for its database. */
  async handle (i, { rows = 20, bytes = 300, ms = 30 } = {}) {
    const result = Array.from({ length: rows }, (_, j) => this.row(i * rows + j, bytes))
    await wait(ms * (0.5 + this.random()))
    return result
  }
}

module.exports = { Load, wait }
