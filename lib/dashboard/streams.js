'use strict'

/** What may wait for one reader; who is slower than that comes back by itself, and gets everything anew. */
const MOST_WAITING = 1e6

/** Readers of server-sent events, as many as may be. All of one subject get the same bytes. */
class Streams {
  #most
  /** @type {Map<import('node:http').ServerResponse, string>} what each looks at */
  #readers = new Map()
  #isClosed = false

  /** @param {number} most */
  constructor (most) {
    this.#most = most
  }

  get count () {
    return this.#readers.size
  }

  get isClosed () {
    return this.#isClosed
  }

  get isFull () {
    return this.#readers.size >= this.#most
  }

  /** What is looked at, each once. @returns {string[]} */
  get subjects () {
    return [...new Set(this.#readers.values())]
  }

  /**
   * @param {import('node:http').ServerResponse} res nothing was written to it yet
   * @param {string} subject
   * @param {object} first what it begins with
   */
  open (res, subject, first) {
    this.#readers.set(res, subject)
    res.on('close', () => this.#readers.delete(res))
    res.on('error', () => this.#readers.delete(res))
    res.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      // What compresses or gathers would hold the events back.
      'Cache-Control': 'no-cache, no-store, no-transform',
      'X-Accel-Buffering': 'no'
    })
    res.write(`retry: 2000\n\n${message('view', first)}`)
  }

  /** Sends to all who look at a subject. @param {() => object} make called once, and only if there is anybody */
  send (subject, event, make) {
    const readers = [...this.#readers].filter(([, each]) => each === subject).map(([res]) => res)
    if (readers.length === 0) return
    const bytes = Buffer.from(message(event, make()))
    for (const res of readers) {
      // A server that closes waits for its responses.
      if (res.socket?.server?.listening === false) this.#end(res)
      else if (res.writableLength > MOST_WAITING) this.#drop(res)
      else res.write(bytes)
    }
  }

  close () {
    this.#isClosed = true
    for (const res of this.#readers.keys()) this.#end(res)
  }

  #end (res) {
    this.#readers.delete(res)
    res.end()
  }

  #drop (res) {
    this.#readers.delete(res)
    res.destroy()
  }
}

function message (event, data) {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

module.exports = { Streams }
