'use strict'

/** First in, first out, of WeakRefs. */
class Queue {
  #entries = []
  #head = 0

  get length () {
    return this.#entries.length - this.#head
  }

  push (entry) {
    this.#entries.push(entry)
  }

  shift () {
    if (this.length === 0) return undefined
    const entry = this.#entries[this.#head++]
    if (this.#head > 1024 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
    return entry
  }

  /** Up to `count` of those that still live. */
  take (count) {
    const batch = []
    while (batch.length < count && this.length > 0) {
      const entry = this.shift()
      const value = entry.ref.deref()
      if (value !== undefined) batch.push({ value, entry })
    }
    return batch
  }
}

module.exports = { Queue }
