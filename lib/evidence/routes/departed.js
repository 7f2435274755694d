'use strict'

const { dataProperty } = require('../data-property')

const MOST_WATCHED = 256
const NEW_A_LOOK = 64

/**
 * Responses whose client went before they were finished. Nothing tells of those, so that a bounded
 * sample of the requests that begin is held weakly and looked at now and then.
 */
class Departed {
  #watched = []
  /** Of a response, its entry in the list: to note that it was finished. */
  #entries = new WeakMap()
  #skip = 0
  #every = 1
  #begun = 0
  #taken = 0

  began (req, res) {
    this.#begun++
    if (this.#skip-- > 0) return
    this.#skip = Math.floor(Math.random() * (2 * this.#every - 1))
    if (this.#taken >= NEW_A_LOOK || this.#watched.length >= MOST_WATCHED) return
    this.#taken++
    const entry = { req: new WeakRef(req), res: new WeakRef(res), finished: false }
    this.#watched.push(entry)
    this.#entries.set(res, entry)
  }

  finished (res) {
    const entry = this.#entries.get(res)
    if (entry !== undefined) entry.finished = true
  }

  /** @returns {{req: object, res: object}[]} those that departed since the last look */
  look () {
    this.#every = Math.max(1, Math.round(this.#begun / NEW_A_LOOK))
    this.#skip = this.#begun = this.#taken = 0
    const departed = []
    this.#watched = this.#watched.filter((entry) => {
      if (entry.finished) return false
      const req = entry.req.deref()
      const res = entry.res.deref()
      if (req === undefined || res === undefined) return false
      if (dataProperty(res, 'destroyed') !== true) return true
      departed.push({ req, res })
      return false
    })
    return departed
  }
}

module.exports = { Departed }
