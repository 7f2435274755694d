'use strict'

const auditTrail = []
const buffered = []

module.exports = {
  'trail-of-a-module': {
    kind: 'module-level arrays',
    make () {
      auditTrail.length = 0
      buffered.length = 0
      let n = 0
      return {
        leaky () {
          auditTrail.push({ user: `u${n++}`, action: 'read' })
        },
        clean () {
          buffered.push({ user: `u${n++}`, action: 'read' })
          if (buffered.length >= 500) buffered.length = 0
        }
      }
    },
    culprit: /\bauditTrail\b/
  },

  'queue-with-a-slow-consumer': {
    kind: 'queues with a slow consumer',
    make () {
      const jobQueue = []
      const queue = []
      let n = 0
      return {
        leaky () {
          jobQueue.push({ id: n++ }, { id: n++ })
          return jobQueue.shift().id
        },
        clean () {
          queue.push({ id: n++ })
          if (n % 1000 === 0) queue.splice(0)
        }
      }
    },
    culprit: /\bjobQueue\b/
  },

  'window-that-never-moves': {
    kind: 'module-level arrays',
    make () {
      const latencies = []
      const sizes = []
      let n = 0
      return {
        leaky () {
          latencies.push(n++ + 0.5)
          return latencies.at(-1)
        },
        clean () {
          const size = Math.floor(Math.random() * 200)
          sizes[n++ % 30] = Array.from({ length: size }, (_, i) => ({ i }))
        }
      }
    },
    culprit: /\blatencies\b/
  }
}
