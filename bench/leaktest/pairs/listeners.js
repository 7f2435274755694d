'use strict'

const { channel, subscribe, unsubscribe } = require('node:diagnostics_channel')
const { EventEmitter, on, once, setMaxListeners } = require('node:events')
const { setImmediate: turn } = require('node:timers/promises')

module.exports = {
  'listener-per-connection': {
    kind: 'listeners',
    make () {
      class Connection {
        constructor (hub, id) {
          this.id = id
          hub.on('broadcast', this.send.bind(this))
        }

        send (text) {
          this.last = text
        }
      }
      const chatHub = new EventEmitter().setMaxListeners(0)
      let n = 0
      return {
        leaky () {
          new Connection(chatHub, n++)
        },
        clean () {
          const hub = new EventEmitter()
          const connection = new Connection(hub, n++)
          hub.emit('broadcast', 'hello')
          return connection.last
        }
      }
    },
    culprit: /\bchatHub\b|\bbroadcast\b/
  },

  'once-for-ever': {
    kind: 'event once',
    make () {
      const device = new EventEmitter().setMaxListeners(0)
      const other = new EventEmitter()
      let n = 0
      return {
        leaky () {
          const measure = { n: n++ }
          once(device, 'calibrated').then(([value]) => { measure.value = value }, () => {})
        },
        async clean () {
          const ready = once(other, 'ready')
          other.emit('ready', n++)
          return (await ready)[0]
        }
      }
    },
    culprit: /\bdevice\b|\bcalibrated\b/
  },

  'listeners-of-a-target': {
    kind: 'event targets',
    make () {
      const viewport = new EventTarget()
      setMaxListeners(0, viewport)
      let n = 0
      return {
        leaky () {
          const widget = { id: n++, width: 0 }
          viewport.addEventListener('resized', (event) => { widget.width = event.width })
        },
        clean () {
          const widget = { id: n++, width: 0 }
          const measure = () => { widget.width++ }
          viewport.addEventListener('moved', measure)
          try {
            viewport.dispatchEvent(new Event('moved'))
          } finally {
            viewport.removeEventListener('moved', measure)
          }
          return widget.width
        }
      }
    },
    culprit: /\bviewport\b|\bresized\b/
  },

  'exit-hooks': {
    kind: 'listeners',
    make () {
      process.removeAllListeners('beforeExitOfShop')
      process.setMaxListeners(0)
      let n = 0
      return {
        leaky () {
          const file = { path: `/tmp/upload-${n++}` }
          process.once('beforeExitOfShop', () => { file.removed = true })
        },
        clean () {
          const before = process.env.LEAKTEST_MODE
          process.env.LEAKTEST_MODE = `mode ${n++ % 50}`
          try {
            return process.env.LEAKTEST_MODE.length
          } finally {
            if (before === undefined) delete process.env.LEAKTEST_MODE
            else process.env.LEAKTEST_MODE = before
          }
        }
      }
    },
    culprit: /\bbeforeExitOfShop\b/,
    end () {
      process.removeAllListeners('beforeExitOfShop')
    }
  },

  'subscribers-of-a-channel': {
    kind: 'diagnostics_channel',
    make () {
      const queries = channel('shop:queries')
      let n = 0
      return {
        leaky () {
          const trace = { id: n++, queries: 0 }
          queries.subscribe(() => trace.queries++)
        },
        clean () {
          const trace = { id: n++, updates: 0 }
          const count = () => trace.updates++
          subscribe('shop:updates', count)
          channel('shop:updates').publish({})
          unsubscribe('shop:updates', count)
          return trace.updates
        }
      }
    },
    culprit: /\bqueries\b/
  },

  'iterator-left-open': {
    kind: 'async iterators left un-returned',
    make () {
      const ticker = new EventEmitter().setMaxListeners(0)
      const other = new EventEmitter()
      return {
        leaky () {
          on(ticker, 'quote').next()
        },
        async clean () {
          setImmediate(() => other.emit('quote', 1))
          for await (const [value] of on(other, 'quote')) return value
        }
      }
    },
    culprit: /\bticker\b|\bquote\b/
  },

  'async-generators-left-waiting': {
    kind: 'async iterators left un-returned',
    make () {
      const feeds = new Set()
      let n = 0
      async function * feed (id) {
        const state = { id, page: 0 }
        feeds.add(state)
        try {
          while (true) {
            await turn()
            yield state.page++
          }
        } finally {
          feeds.delete(state)
        }
      }
      return {
        async leaky () {
          return (await feed(n++).next()).value
        },
        async clean () {
          for await (const page of feed(n++)) if (page === 1) return page
        }
      }
    },
    culprit: /\bfeeds\b/
  }
}
