'use strict'

class Logger {
  constructor (bindings, parent) {
    this.bindings = bindings
    this.parent = parent
    this.level = parent?.level ?? 'info'
    this.children = new Set()
    this.recent = []
  }

  /** The parent knows its children, to hand a change of the level on. */
  child (bindings) {
    const logger = new Logger({ ...this.bindings, ...bindings }, this)
    this.children.add(logger)
    return logger
  }

  setLevel (level) {
    this.level = level
    for (const child of this.children) child.setLevel(level)
  }

  info (message) {
    this.recent.push({ at: Date.now(), message })
    if (this.recent.length > 10) this.recent.shift()
  }
}

exports.rootLogger = new Logger({ service: 'shop' })
