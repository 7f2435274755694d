'use strict'

// What waits for something: listeners, signals, timers, promises, contexts.
const { AsyncLocalStorage } = require('node:async_hooks')
const { EventEmitter } = require('node:events')
const { setImmediate: turn } = require('node:timers/promises')

let ended = false

module.exports = {
  'listener-per-basket': {
    kind: 'listeners',
    make () {
      const priceFeed = new EventEmitter().setMaxListeners(0)
      const stock = new EventEmitter()
      let n = 0
      return {
        leaky () {
          const basket = { id: n++, total: 0 }
          priceFeed.on('changed', (price) => { basket.total += price })
        },
        async clean () {
          const basket = { id: n++, total: 0 }
          const add = (price) => { basket.total += price }
          stock.on('changed', add)
          try {
            await turn()
            stock.emit('changed', 5)
          } finally {
            stock.off('changed', add)
          }
          return basket.total
        }
      }
    },
    culprit: /\bpriceFeed\b|\bchanged\b/
  },

  'hook-of-the-process': {
    kind: 'listeners',
    make () {
      process.removeAllListeners('flush-all')
      process.setMaxListeners(0)
      let n = 0
      return {
        leaky () {
          const client = { id: n++, buffer: [] }
          process.on('flush-all', () => client.buffer.push(1))
        },
        clean () {
          const client = { id: n++, buffer: [] }
          const flush = () => client.buffer.push(1)
          process.once('flush-one', flush)
          process.emit('flush-one')
          return client.buffer.length
        }
      }
    },
    culprit: /\bflush-all\b/,
    end () {
      process.removeAllListeners('flush-all')
    }
  },

  'listener-on-a-long-signal': {
    kind: 'event targets with AbortSignal',
    make () {
      const shutdown = new AbortController()
      require('node:events').setMaxListeners(0, shutdown.signal)
      let n = 0
      return {
        leaky () {
          const job = { id: n++, done: false }
          shutdown.signal.addEventListener('abort', () => { job.done = true })
        },
        clean () {
          const own = new AbortController()
          const job = { id: n++, done: false }
          own.signal.addEventListener('abort', () => { job.done = true })
          if (n % 2) own.abort()
          return job.done
        }
      }
    },
    culprit: /\bshutdown\b|\bAbortSignal\b/
  },

  'intervals-of-pollers': {
    kind: 'timers',
    make () {
      ended = false
      let n = 0
      return {
        leaky () {
          const poller = { url: `/poll/${n++}`, tries: 0 }
          const heartbeat = setInterval(() => {
            poller.tries++
            if (ended) clearInterval(heartbeat)
          }, 2000)
        },
        async clean () {
          const poller = { url: `/poll/${n++}`, tries: 0 }
          const timer = setInterval(() => poller.tries++, 2000)
          const late = setTimeout(() => poller.tries++, 60000)
          try {
            await turn()
          } finally {
            clearInterval(timer)
            clearTimeout(late)
          }
        }
      }
    },
    culprit: /\bheartbeat\b|\bTimeouts?\b|\bsetInterval\b|\btimers?\b|\bintervals?\b/i,
    resource: true,
    end () {
      ended = true
    }
  },

  'answers-that-never-come': {
    kind: 'promises that never settle',
    make () {
      const awaitedReplies = new Map()
      const pending = new Map()
      let n = 0
      const ask = (table, id) => new Promise((resolve) => table.set(id, resolve))
      return {
        leaky () {
          ask(awaitedReplies, n++).then((reply) => reply.body)
        },
        async clean () {
          const id = n++
          const reply = ask(pending, id)
          await turn()
          pending.get(id)({ body: 'ok' })
          pending.delete(id)
          return (await reply).body
        }
      }
    },
    culprit: /\bawaitedReplies\b/
  },

  'chain-behind-a-gate': {
    kind: 'promise chains',
    make () {
      let openGate
      let lastWrite = new Promise((resolve) => { openGate = resolve })
      let free = Promise.resolve()
      let n = 0
      return {
        leaky () {
          const line = { n: n++ }
          lastWrite = lastWrite.then(() => line.n)
          if (n === Infinity) openGate()
        },
        clean () {
          const line = { n: n++ }
          free = free.then(() => line.n)
          return free
        }
      }
    },
    culprit: /\blastWrite\b|\bopenGate\b/
  },

  'context-of-a-timer': {
    kind: 'AsyncLocalStorage',
    make () {
      const requestContext = new AsyncLocalStorage()
      let n = 0
      return {
        leaky () {
          requestContext.run({ user: `u${n++}`, rights: ['read'] }, () => {
            setTimeout(() => requestContext.getStore(), 3600000).unref()
          })
        },
        async clean () {
          await requestContext.run({ user: `u${n++}`, rights: ['read'] }, async () => {
            await turn()
            return requestContext.getStore().user
          })
        }
      }
    },
    culprit: /\brequestContext\b|\bTimeout\b|\bsetTimeout\b|\bAsyncLocalStorage\b/
  }
}
