'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

let folder

/** A module with a name of its own, as code generators and hot reloaders write them. */
function write (n) {
  folder ??= fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-leaktest-'))
  const file = path.join(folder, `view-${n}.js`)
  fs.writeFileSync(file, `module.exports = { n: ${n}, render: () => 'text' }`)
  return file
}

module.exports = {
  'modules-written-and-required': {
    kind: 'require.cache',
    make () {
      let n = 0
      return {
        leaky () {
          return require(write(n++)).n
        },
        clean () {
          const lazy = require('node:querystring')
          return lazy.parse(`n=${n++}`).n
        }
      }
    },
    culprit: /\brequire\b|\bModule\b|\bview-|\bchildren\b|_cache\b|registry/i,
    calls: 'slow',
    end () {
      if (folder !== undefined) fs.rmSync(folder, { recursive: true, force: true })
      folder = undefined
    }
  },

  'marks-never-cleared': {
    kind: 'perf_hooks marks',
    make () {
      let n = 0
      return {
        leaky () {
          performance.mark(`checkout-${n++}`)
        },
        clean () {
          const name = `basket-${n++}`
          performance.mark(name)
          const { duration } = performance.measure(`${name}-took`, name)
          performance.clearMarks(name)
          performance.clearMeasures(`${name}-took`)
          return duration
        }
      }
    },
    culprit: /\bPerformanceMark\b|\bmarks?\b|\bperformance\b|\bcheckout\b/i,
    end () {
      performance.clearMarks()
    }
  },

  'code-taken-rarely': {
    kind: 'warm-up',
    make () {
      const parsedDates = []
      const shapes = []
      let n = 0
      return {
        leaky () {
          parsedDates.push(new Date(n++ * 1000))
        },
        // New shapes of objects and code that runs first at the 100th call, then at every 100th.
        clean () {
          if (n++ % 100 === 99) {
            shapes[n % 400] = Object.fromEntries(Array.from({ length: 1 + n % 17 }, (_, i) => [`f${i}`, i]))
            return JSON.stringify(shapes).length
          }
          return Math.max(...Array.from({ length: n % 10 }, (_, i) => i), 0)
        }
      }
    },
    culprit: /\bparsedDates\b/
  },

  'warm-up-of-tables': {
    kind: 'warm-up',
    make () {
      const seenAgents = []
      const table = []
      let n = 0
      return {
        leaky () {
          seenAgents.push(`agent ${n++} of the crowd`)
        },
        // Fills a table of 2,000 rows in its first 2,000 calls.
        clean () {
          table[n % 2000] ??= { i: n, square: n * n }
          return table[n++ % 2000].square
        }
      }
    },
    culprit: /\bseenAgents\b/
  }
}
