'use strict'

class Span {
  constructor (name, parent, attributes = {}) {
    this.name = name
    this.parent = parent
    this.attributes = attributes
    this.startedAt = performance.now()
    this.spans = []
    parent?.spans.push(this)
  }

  start (name, attributes) {
    return new Span(name, this, attributes)
  }

  end () {
    this.ms = performance.now() - this.startedAt
    if (this.parent === undefined) this.spans.length = 0 // all that is below it goes out with the root
  }
}

exports.Span = Span
exports.worker = new Span('worker')
