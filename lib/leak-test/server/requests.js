'use strict'

const { createError } = require('../../errors')
const format = require('../../format')
const { clearInterval, now, setInterval, used } = require('../own')

/** Milliseconds between two looks at the heap while requests are sent, and the share of V8's limit at which they end. */
const LOOK_MS = 100
const MOST_OF_LIMIT = 0.7

/** autocannon knows none that is shorter. */
const LEAST_TIMEOUT_MS = 1000

/** Share of a round's requests that may fail. One more is no measurement. */
const FAILING = 0.01

/** Of all requests, those before the rounds begin: the first round has so many. */
const FIRST = 1 / 64

/** Bytes that a server adds in a round by itself: its own functions become optimised, and connections leave things behind. */
const NOISE = 128 * 1024

/** Requests between two snapshots: while they are sent, nearly each allocation is noted. */
const BETWEEN = 1000

/** In fewer requests than this a server still warms up: what became more then says nothing. */
const FEWEST = 40

/**
 * Sends the requests of one route; the face of `Calls`.
 */
class Requests {
  unit = 'request'
  noise = NOISE
  #route
  #connections
  #load
  #served
  #mostMs
  #onProgress
  /** All that the server was sent. */
  made = 0
  /** Milliseconds that they took. */
  ms = 0
  /** The heap came near its limit, so a round ended early. */
  full = false

  /**
   * @param {import('./routes').Route} route
   * @param {{requests: number, connections: number, timeout: number, budget: number, load: InstanceType<typeof import('./load').Load>,
   *   served: InstanceType<typeof import('./served').Served>, onProgress: (requests: number) => void}} means
   */
  constructor (route, { requests, connections, timeout, budget, load, served, onProgress }) {
    this.#route = route
    this.#connections = connections
    this.#mostMs = { request: Math.max(LEAST_TIMEOUT_MS, Math.min(timeout, budget)), round: budget }
    this.#load = load
    this.#served = served
    this.#onProgress = onProgress
    this.first = Math.max(1, Math.ceil(requests * FIRST))
    this.most = requests
    this.fewest = Math.min(FEWEST, requests)
    this.mostBetween = Math.min(BETWEEN, requests)
  }

  get msPerCall () {
    return this.ms / Math.max(1, this.made)
  }

  /** One request, before anything is measured: does it answer at all? */
  async probe () {
    await this.#send(1, this.#mostMs.round)
  }

  /**
   * @param {number} count
   * @param {number} [forMs] no further request is begun after it
   * @returns {Promise<number>} how many were made
   * @throws ERR_TIDEMARK_SERVER where they are not answered as they should be, ERR_TIDEMARK_LOAD
   */
  async make (count, forMs = this.#mostMs.round) {
    const made = await this.#send(Math.min(count, this.most), forMs)
    this.made += made
    this.#onProgress(this.made)
    return made
  }

  async #send (amount, forMs) {
    const { url, method, headers, body } = this.#route
    const served = this.#served
    const before = served.begun
    served.beginRound(amount)
    const watch = setInterval(() => this.#lookAtHeap(), LOOK_MS)
    const startedAt = now()
    try {
      const connections = Math.min(this.#connections, amount)
      const answers = await this.#load.round({ url: served.origin + url, method, headers, body, amount, connections, timeoutMs: this.#mostMs.request, forMs })
      this.ms += now() - startedAt
      // A server that says nothing of its requests has been sent what it answered.
      const begun = Math.max(served.begun - before, answers.answered)
      this.#check(answers, begun)
      await served.idle()
      return begun
    } finally {
      clearInterval(watch)
    }
  }

  #lookAtHeap () {
    if (used() <= MOST_OF_LIMIT) return
    this.full = true
    this.#load.stop()
  }

  /** @param {import('./load').Answers} answers @param {number} begun */
  #check ({ sent, answered, statuses, errors, timeouts, closes }, begun) {
    const { name, isExpected } = this.#route
    const fail = (reason, sentence) => { throw createError('ERR_TIDEMARK_SERVER', [reason, `${name} ${sentence}`]) }
    const most = sent * FAILING
    const wrong = Object.entries(statuses).filter(([status]) => !isExpected(Number(status)))
    const wrongs = wrong.reduce((sum, [, count]) => sum + count, 0)
    if (wrongs > most) {
      fail('status', `answered ${wrong.map(([status, count]) => `${status} to ${format.grouped(count)}`).join(', ')} of ${format.grouped(answered)} requests. ` +
        'What such an answer leaves behind says nothing about the route. Mend it, or say that it is meant: `expectStatus`')
    }
    if (timeouts > most) fail('timeout', `did not answer ${format.grouped(timeouts)} of ${format.grouped(sent)} requests within ${format.duration(this.#mostMs.request)} (\`timeout\`)`)
    // Who ends connections by himself has autocannon send requests into them that he never sees.
    const lost = (closes ? begun : sent) - answered
    if (lost > most) {
      const why = Object.keys(errors).join(', ')
      fail('connection', `closed the connection without an answer for ${format.grouped(lost)} of ${format.grouped(sent)} requests${why === '' ? '' : ` (${why})`}`)
    }
  }
}

module.exports = { Requests }
