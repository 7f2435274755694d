'use strict'

class Metric {
  static all = new Map()

  constructor (name) {
    this.name = name
    Metric.all.set(name, this)
  }
}

module.exports = {
  'static-map-of-metrics': {
    kind: 'class statics',
    make () {
      Metric.all = new Map()
      let Lazy
      let n = 0
      return {
        leaky () {
          new Metric(`latency_of_${n++}`)
        },
        clean () {
          Lazy ??= class Parser {
            static table = new Map(Array.from({ length: 2000 }, (_, i) => [i, `state ${i}`]))
          }
          return Lazy.table.get(n++ % 2000)
        }
      }
    },
    culprit: /\bMetric\b/
  },

  'private-log': {
    kind: 'private fields',
    make () {
      class Client {
        #sentMessages = []
        #last

        send (message) {
          this.#sentMessages.push(message)
        }

        sendOnly (message) {
          this.#last = message
          return this.#last.n
        }
      }
      const client = new Client()
      let n = 0
      return { leaky: () => client.send({ n: n++ }), clean: () => client.sendOnly({ n: n++ }) }
    },
    culprit: /sentMessages\b/
  },

  'generators-of-rows': {
    kind: 'generators',
    make () {
      const openCursors = new Map()
      let n = 0
      function * rows (from) {
        try {
          for (let i = from; i < from + 100; i++) yield { i }
        } finally {
          openCursors.delete(from)
        }
      }
      const open = () => {
        const cursor = rows(n)
        openCursors.set(n++, cursor)
        return cursor
      }
      return {
        leaky: () => open().next().value,
        clean () {
          for (const row of open()) if (row.i % 3 === 0) return row
        }
      }
    },
    culprit: /\bopenCursors\b/
  },

  'errors-with-a-cause': {
    kind: 'Error stacks',
    make () {
      const failures = []
      const recent = []
      let n = 0
      const fail = () => {
        const request = { id: n++, body: { n } }
        try {
          JSON.parse(`{"n":${n}`)
        } catch (cause) {
          return Object.assign(new Error(`request ${n}`, { cause }), { request })
        }
      }
      return {
        leaky () {
          failures.push(fail())
        },
        clean () {
          recent.push(fail())
          if (recent.length > 10) recent.shift()
        }
      }
    },
    culprit: /\bfailures\b/
  },

  'symbols-by-name': {
    kind: 'Symbol registry',
    make () {
      const slots = {}
      let n = 0
      return {
        leaky () {
          return Symbol.for(`shop.order.${n++}`)
        },
        clean () {
          slots[Symbol.for(`shop.slot.${n++ % 20}`)] = n
          return Symbol(`shop.order.${n}`).description
        }
      }
    },
    culprit: /\bSymbol\b|\bshop\.order\b|\bsymbols?\b/i
  },

  'registry-of-held-values': {
    kind: 'FinalizationRegistry',
    make () {
      const application = { name: 'shop' }
      const cleanups = new FinalizationRegistry(() => {})
      let n = 0
      return {
        // Registered for an object that lives as long as the process, and never unregistered.
        leaky () {
          cleanups.register(application, { id: n++ })
        },
        clean () {
          const token = {}
          cleanups.register({ id: n++ }, { id: n }, token)
          if (n % 2) cleanups.unregister(token)
        }
      }
    },
    culprit: /\bcleanups\b|\bFinalizationRegistry\b/
  },

  'options-that-gather': {
    kind: 'interned keys',
    make () {
      const defaults = { headers: [] }
      const state = { mode: 'idle', depth: 0 }
      let n = 0
      return {
        // Object.assign copies the reference, so the array of the defaults grows.
        leaky () {
          const options = Object.assign({}, defaults)
          options.headers.push({ name: `x-${n++}`, value: 'a' })
          return options.headers.length
        },
        clean () {
          const before = state.mode
          state.mode = `call ${n++}`
          state[`temporary${n}`] = n
          delete state[`temporary${n}`]
          state.mode = before
          return state.depth
        }
      }
    },
    culprit: /\bdefaults\b|\bheaders\b/
  },

  'urls-of-visits': {
    kind: 'URLSearchParams',
    make () {
      const visitedUrls = []
      let n = 0
      return {
        leaky () {
          visitedUrls.push(new URL(`http://shop.test/p?id=${n++}`).searchParams)
        },
        clean () {
          const url = new URL(`http://shop.test/p?id=${n++}`)
          url.searchParams.set('page', '2')
          return url.href.length
        }
      }
    },
    culprit: /\bvisitedUrls\b/
  }
}
