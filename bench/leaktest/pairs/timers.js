'use strict'

const { setTimeout: sleep } = require('node:timers/promises')

let ended = false
/** Emptied by a timer of the module, but more slowly than it is filled. */
const outbox = []
let mailer

module.exports = {
  'timeouts-of-an-hour': {
    kind: 'timers',
    make () {
      let n = 0
      return {
        leaky () {
          const session = { id: n++, user: 'someone' }
          const expiry = setTimeout(() => { session.user = undefined }, 3600000)
          expiry.unref()
        },
        async clean () {
          const session = { id: n++, user: 'someone' }
          await new Promise((resolve) => { setTimeout(() => resolve(session), 1) })
        }
      }
    },
    culprit: /\bTimeout\b|\bsetTimeout\b|\bexpiry\b/
  },

  'timer-of-a-module': {
    kind: 'timers in modules',
    make () {
      outbox.length = 0
      ended = false
      let n = 0
      return {
        leaky () {
          mailer ??= setInterval(() => {
            outbox.shift()
            if (ended) mailer = clearInterval(mailer)
          }, 100)
          outbox.push({ to: `u${n++}`, text: 'hello' })
        },
        async clean () {
          const letters = [{ to: `u${n++}`, text: 'hello' }]
          await new Promise((resolve) => {
            const timer = setInterval(() => {
              letters.shift()
              if (letters.length > 0) return
              clearInterval(timer)
              resolve()
            }, 1)
          })
        }
      }
    },
    culprit: /\boutbox\b/,
    calls: 'slow',
    end () {
      ended = true
    }
  },

  'five-milliseconds-and-a-row': {
    kind: 'slow functions',
    make () {
      const journal = []
      let n = 0
      return {
        async leaky () {
          await sleep(5)
          journal.push({ n: n++, fields: Array.from({ length: 10 }, (_, i) => `f${i}-${n}`) })
        },
        async clean () {
          await sleep(5)
          return { n: n++, fields: Array.from({ length: 10 }, (_, i) => `f${i}-${n}`) }
        }
      }
    },
    culprit: /\bjournal\b/,
    calls: 'slow'
  },

  'hundred-milliseconds-and-a-report': {
    kind: 'slow functions',
    make () {
      const nightlyReports = new Map()
      let template
      let n = 0
      return {
        async leaky () {
          await sleep(100)
          nightlyReports.set(n++, { rows: Array.from({ length: 100 }, (_, i) => ({ i, n })) })
        },
        async clean () {
          template ??= Array.from({ length: 20000 }, (_, i) => ({ i }))
          await sleep(100)
          return { n: n++, rows: Array.from({ length: 100 }, (_, i) => ({ i, n, template: template[i] })) }
        }
      }
    },
    culprit: /\bnightlyReports\b/,
    calls: 'slow'
  },

  'thirty-milliseconds-of-work': {
    kind: 'slow functions',
    make () {
      const results = []
      const best = new Map()
      let n = 0
      const work = () => {
        const until = performance.now() + 30
        let sum = 0
        while (performance.now() < until) sum += Math.sqrt(n++ % 100)
        return { sum, steps: Array.from({ length: 50 }, (_, i) => ({ i, sum })) }
      }
      return {
        leaky () {
          results.push(work())
        },
        clean () {
          best.set(n % 3, work())
        }
      }
    },
    culprit: /\bresults\b/,
    calls: 'slow'
  }
}
