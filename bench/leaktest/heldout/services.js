'use strict'

// Classes and functions as services have them: caches, sessions, registries.

/** @returns {object} what a request brings */
function request (n) {
  return { id: `r${n}`, path: `/orders/${n}`, headers: { host: 'shop', 'x-trace': `t${n}` } }
}

class Plugin {
  static installed = []

  constructor (name) {
    this.name = name
  }
}

module.exports = {
  'handlers-of-orders': {
    kind: 'closures',
    make () {
      const undoSteps = []
      const batch = []
      let n = 0
      return {
        leaky () {
          const order = request(n++)
          undoSteps.push(() => order.id)
        },
        clean () {
          const order = request(n++)
          batch.push(() => order.id)
          if (batch.length === 50) {
            for (const step of batch.splice(0)) step()
          }
        }
      }
    },
    culprit: /\bundoSteps\b/
  },

  'private-sessions': {
    kind: 'private fields',
    make () {
      class Auth {
        #openSessions = new Map()
        login (id) {
          this.#openSessions.set(id, { id, since: Date.now() })
        }
      }
      class Capped {
        #entries = new Map()
        login (id) {
          this.#entries.set(id, { id, since: Date.now() })
          if (this.#entries.size > 1000) this.#entries.delete(this.#entries.keys().next().value)
        }
      }
      const auth = new Auth()
      const capped = new Capped()
      let n = 0
      return { leaky: () => auth.login(`s${n++}`), clean: () => capped.login(`s${n++}`) }
    },
    culprit: /openSessions\b/
  },

  'static-list-of-plugins': {
    kind: 'class statics',
    make () {
      Plugin.installed.length = 0
      let Lazy
      let n = 0
      return {
        leaky () {
          Plugin.installed.push(new Plugin(`p${n++}`))
        },
        clean () {
          Lazy ??= class {
            static table = Array.from({ length: 5000 }, (_, i) => ({ i }))
            static row (i) {
              return this.table[i % 5000]
            }
          }
          return Lazy.row(n++).i
        }
      }
    },
    culprit: /\binstalled\b/
  },

  'memoiser-of-prices': {
    kind: 'memoisers',
    make () {
      const memoize = (fn) => {
        const computed = new Map()
        return (...args) => {
          const key = JSON.stringify(args)
          if (!computed.has(key)) computed.set(key, fn(...args))
          return computed.get(key)
        }
      }
      const price = memoize((product, options) => ({ product, total: options.n * 1.2 }))
      let n = 0
      return { leaky: () => price('tea', { n: n++ }), clean: () => price('tea', { n: n++ % 40 }) }
    },
    culprit: /\bcomputed\b/
  },

  'users-by-id': {
    kind: 'WeakRef',
    make () {
      const usersById = new Map()
      const refs = new Map()
      const registry = new FinalizationRegistry((id) => refs.delete(id))
      let n = 0
      return {
        leaky () {
          const user = { id: `u${n++}`, roles: ['reader'] }
          usersById.set(user.id, user)
        },
        clean () {
          const user = { id: `u${n++}`, roles: ['reader'] }
          refs.set(user.id, new WeakRef(user))
          registry.register(user, user.id)
        }
      }
    },
    culprit: /\busersById\b/
  },

  'dictionary-of-counters': {
    kind: 'interned keys',
    make () {
      const hitsByPath = {}
      const recent = {}
      let n = 0
      return {
        leaky () {
          hitsByPath[`/products/${n++}`] = 1
        },
        clean () {
          const key = `/products/${n++}`
          recent[key] = 1
          delete recent[`/products/${n - 100}`]
        }
      }
    },
    culprit: /\bhitsByPath\b/
  },

  'every-tenth-call': {
    kind: 'one call in ten',
    make () {
      const slowQueries = []
      let n = 0
      return {
        leaky () {
          const row = { sql: `select ${n}`, ms: n % 13 }
          if (n++ % 10 === 0) slowQueries.push(row)
          return row
        },
        clean () {
          const rows = []
          if (n++ % 100 === 0) for (let i = 0; i < 2000; i++) rows.push({ i })
          return rows.length
        }
      }
    },
    culprit: /\bslowQueries\b/
  }
}
