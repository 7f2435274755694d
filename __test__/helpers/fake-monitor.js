'use strict'

const { EventEmitter } = require('node:events')

/** A monitor that says what a test wants it to say. Running from the first listener on, as the real one. */
class FakeMonitor extends EventEmitter {
  level = 50e6
  state = 'steady'
  running = false
  gcMs = 0

  constructor () {
    super()
    super.on('newListener', () => { this.running = true })
  }

  status () {
    if (!this.running) return { running: false, state: 'stopped', channels: {}, problems: [] }
    return {
      running: true,
      state: this.state,
      channels: {
        heap: { state: this.state, level: this.level, growthRate: 1e6 },
        external: { state: 'steady', level: 1e6 }
      },
      gc: { durationMs: this.gcMs },
      problems: []
    }
  }
}

module.exports = { FakeMonitor }
