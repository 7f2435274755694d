'use strict'

module.exports = {
  'scope-shared-by-closures': {
    kind: 'closures',
    make () {
      let currentThing = null
      let own = null
      return {
        // Both functions share one scope, so each thing holds the one before it although nothing calls `unused`.
        leaky () {
          const original = currentThing
          const unused = () => original
          currentThing = { text: 'x'.repeat(10), unused: undefined, some () { return 1 } }
          return typeof unused
        },
        clean () {
          const original = own
          own = { text: 'x'.repeat(10), some () { return 1 } }
          return original === null
        }
      }
    },
    culprit: /\bcurrentThing\b|\boriginal\b/
  },

  'every-seventh-call': {
    kind: 'closures',
    make () {
      const retries = []
      let n = 0
      return {
        leaky () {
          const job = { id: n++, tries: 0 }
          if (job.id % 7 === 0) retries.push(() => job.tries++)
        },
        clean () {
          const jobs = []
          for (let i = n++ % 7; i > 0; i--) jobs.push(() => i)
          return jobs.length
        }
      }
    },
    culprit: /\bretries\b/
  },

  'bound-functions': {
    kind: 'bound functions',
    make () {
      const afterHooks = []
      function run (id) {
        return this.name + id
      }
      let n = 0
      return {
        leaky () {
          afterHooks.push(run.bind({ name: 'hook' }, n++))
        },
        clean () {
          return run.bind({ name: 'hook' }, n++)()
        }
      }
    },
    culprit: /\bafterHooks\b/
  },

  'proxies-of-models': {
    kind: 'Proxies',
    make () {
      const watched = []
      let n = 0
      return {
        leaky () {
          watched.push(new Proxy({ id: n++ }, { get: (target, key) => target[key] }))
        },
        clean () {
          const { proxy, revoke } = Proxy.revocable({ id: n++ }, { get: (target, key) => target[key] })
          const { id } = proxy
          revoke()
          return id
        }
      }
    },
    culprit: /\bwatched\b/
  }
}
