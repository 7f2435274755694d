'use strict'

module.exports = {
  'map-of-carts': {
    kind: 'Map',
    make () {
      const carts = new Map()
      const cache = new Map()
      let n = 0
      return {
        leaky () {
          carts.set(`c${n++}`, { lines: [] })
        },
        clean () {
          cache.set(`c${n++}`, { lines: [] })
          if (cache.size > 10000) cache.delete(cache.keys().next().value)
        }
      }
    },
    culprit: /\bcarts\b/
  },

  'history-of-few-users': {
    kind: 'Map',
    make () {
      const pageViews = new Map()
      const last = new Map()
      let n = 0
      const list = (map) => {
        const user = `u${n % 5}`
        if (!map.has(user)) map.set(user, [])
        return map.get(user)
      }
      return {
        leaky () {
          list(pageViews).push({ url: `/p/${n++}` })
        },
        clean () {
          const views = list(last)
          views.push({ url: `/p/${n++}` })
          if (views.length > 100) views.shift()
        }
      }
    },
    culprit: /\bpageViews\b/
  },

  'set-of-objects': {
    kind: 'Set',
    make () {
      const liveTasks = new Set()
      const batch = new Set()
      let n = 0
      return {
        leaky () {
          liveTasks.add({ id: n++ })
        },
        clean () {
          batch.add({ id: n++, text: 'x'.repeat(200) + n })
          if (batch.size === 7) batch.clear()
        }
      }
    },
    culprit: /\bliveTasks\b/
  },

  'set-of-smi': {
    kind: 'Set of numbers',
    make () {
      const blockedPorts = new Set()
      const spread = new Set()
      let n = 0
      return {
        leaky () {
          blockedPorts.add(n++)
        },
        clean () {
          spread.add(n++ % 5000)
        }
      }
    },
    culprit: /\bblockedPorts\b/
  },

  'booleans-in-an-array': {
    kind: 'one boolean a call',
    make () {
      const outcomes = []
      const bits = []
      let n = 0
      return {
        leaky () {
          outcomes.push(n++ % 3 === 0)
        },
        clean () {
          bits[n++ % 10000] = n % 3 === 0
        }
      }
    },
    culprit: /\boutcomes\b/
  },

  'weak-map-with-held-keys': {
    kind: 'WeakMap with strong values',
    make () {
      const details = new WeakMap()
      const peers = []
      let n = 0
      return {
        leaky () {
          const peer = { id: n++ }
          details.set(peer, { peer, address: `10.0.0.${n}`, seen: [n] })
          peers.push(peer)
        },
        clean () {
          const peer = { id: n++ }
          details.set(peer, { peer, address: `10.0.0.${n}`, seen: [n] })
          return details.get(peer).seen[0]
        }
      }
    },
    culprit: /\bpeers\b|\bdetails\b/
  },

  'weak-map-whose-values-are-held': {
    kind: 'WeakMap with strong values',
    make () {
      const models = new WeakMap()
      const renderQueue = new Set()
      const settings = new WeakMap()
      let n = 0
      return {
        leaky () {
          const view = { id: n++ }
          const model = { view, fields: { n } }
          models.set(view, model)
          renderQueue.add(model)
        },
        clean () {
          const a = { id: n++ }
          const b = { id: n }
          settings.set(a, b)
          settings.set(b, a)
        }
      }
    },
    culprit: /\brenderQueue\b/
  },

  'linked-list-of-events': {
    kind: 'linked lists',
    make () {
      class Journal {
        head = { next: null }
        tail = this.head

        append (event) {
          this.tail = this.tail.next = { event, next: null }
        }
      }
      const eventJournal = new Journal()
      const short = new Journal()
      let n = 0
      return {
        leaky: () => eventJournal.append({ n: n++ }),
        clean () {
          short.append({ n: n++ })
          short.head = short.head.next
        }
      }
    },
    culprit: /\beventJournal\b|\bJournal\b/
  },

  'sparse-slots': {
    kind: 'sparse arrays',
    make () {
      const slotsByTime = []
      const grid = []
      let n = 0
      return {
        leaky () {
          slotsByTime[1000 * n++] = `slot ${n}`
        },
        clean () {
          grid[1000 * (n++ % 900)] = `slot ${n}`
        }
      }
    },
    culprit: /\bslotsByTime\b/
  }
}
