'use strict'

const { setImmediate: turn } = require('node:timers/promises')

module.exports = {
  'lock-never-given-back': {
    kind: 'promises that never settle',
    make () {
      class Mutex {
        waiters = []
        held = false

        async take () {
          if (this.held) await new Promise((resolve) => { this.waiters.push(resolve) })
          this.held = true
        }

        give () {
          this.held = false
          this.waiters.shift()?.()
        }
      }
      const forgotten = new Mutex()
      const used = new Mutex()
      let n = 0
      return {
        leaky () {
          const row = { n: n++ }
          forgotten.take().then(() => row.n)
        },
        async clean () {
          const row = { n: n++ }
          await used.take()
          try {
            await turn()
            return row.n
          } finally {
            used.give()
          }
        }
      }
    },
    culprit: /\bforgotten\b|\bwaiters\b/
  },

  'race-with-a-long-promise': {
    kind: 'promises that never settle',
    make () {
      let stop
      const shutdownPromise = new Promise((resolve) => { stop = resolve })
      let n = 0
      return {
        async leaky () {
          const id = n++
          if (id === Infinity) stop()
          return Promise.race([shutdownPromise, Promise.resolve({ id, text: `answer ${id}` })])
        },
        async clean () {
          const id = n++
          let cancel
          const late = new Promise((resolve) => { cancel = resolve })
          try {
            return await Promise.race([late, Promise.resolve({ id, text: `answer ${id}` })])
          } finally {
            cancel()
          }
        }
      }
    },
    culprit: /\bshutdownPromise\b|\bstop\b/
  },

  'tail-of-a-queue': {
    kind: 'promise chains',
    make () {
      let firstTurn
      let tailOfWrites = new Promise((resolve) => { firstTurn = resolve })
      const sizes = []
      let n = 0
      return {
        leaky () {
          const write = { id: n++, size: 100 }
          if (n < 0) firstTurn()
          tailOfWrites = tailOfWrites.then(() => write.size)
        },
        async clean () {
          const all = await Promise.all(Array.from({ length: n++ % 20 }, async (_, i) => i))
          sizes[n % 100] = all.length
        }
      }
    },
    culprit: /\btailOfWrites\b|\bfirstTurn\b/
  }
}
