'use strict'

class EventHub {
  subscribers = []
  delivered = 0

  subscribe (orderId, res) {
    this.subscribers.push({ orderId, res, since: new Date() })
    res.on('close', () => { this.delivered++ })
  }

  publish (orderId, event) {
    const last = this.subscribers.at(-1)
    if (last.orderId === orderId && !last.res.writableEnded) last.res.write(`data: ${JSON.stringify(event)}\n\n`)
  }
}

module.exports = new EventHub()
