'use strict'

// Containers of plain JavaScript.

module.exports = {
  'linked-list': {
    kind: 'linked lists',
    make () {
      let newest = null
      const ring = new Array(256)
      let n = 0
      return {
        leaky () {
          newest = { n: n++, older: newest }
        },
        clean () {
          ring[n % 256] = { n: n++, text: 'x'.repeat(n % 100) }
        }
      }
    },
    culprit: /\b(?:newest|older)\b/
  },

  'set-of-numbers': {
    kind: 'Set of numbers',
    make () {
      const seenIds = new Set()
      const window = new Set()
      let n = 0
      return {
        leaky () {
          seenIds.add(n++)
        },
        clean () {
          window.add(n++)
          if (window.size === 1000) window.clear()
        }
      }
    },
    culprit: /\bseenIds\b/
  },

  'sparse-array': {
    kind: 'sparse arrays',
    make () {
      const seats = []
      const places = []
      let n = 0
      return {
        leaky () {
          seats[n++ * 5000] = { taken: true }
        },
        clean () {
          const i = n++ * 5000
          places[i] = { taken: true }
          delete places[i - 35000]
        }
      }
    },
    culprit: /\bseats\b/
  },

  'suspended-generators': {
    kind: 'generators',
    make () {
      const cursors = []
      function * pages (first) {
        const state = { first, page: first }
        while (state.page < first + 10) yield state.page++
      }
      let n = 0
      return {
        leaky () {
          const cursor = pages(n++)
          cursor.next()
          cursors.push(cursor)
        },
        clean () {
          let sum = 0
          for (const page of pages(n++)) sum += page
          return sum
        }
      }
    },
    culprit: /\bcursors\b/
  },

  'slices-of-big-texts': {
    kind: 'string slices',
    make () {
      const tokens = []
      const copies = []
      let n = 0
      const body = () => Buffer.alloc(4096, `body ${n++} `).toString('latin1')
      return {
        leaky () {
          tokens.push(body().slice(10, 40))
        },
        clean () {
          copies[n % 64] = Buffer.from(body().slice(10, 40)).toString()
        }
      }
    },
    culprit: /\btokens\b/
  },

  'slices-of-big-buffers': {
    kind: 'Buffers and slices',
    make () {
      const signatures = []
      const kept = []
      let n = 0
      return {
        leaky () {
          signatures.push(Buffer.alloc(16384, n++).subarray(0, 16))
        },
        clean () {
          kept[n % 64] = Buffer.from(Buffer.alloc(16384, n++).subarray(0, 16))
        }
      }
    },
    culprit: /\bsignatures\b/
  }
}
