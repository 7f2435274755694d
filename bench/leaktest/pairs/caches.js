'use strict'

module.exports = {
  'cache-without-a-cap': {
    kind: 'LRU without a bound',
    make () {
      class Lru {
        entries = new Map()

        constructor (max) {
          this.max = max
        }

        get (key, make) {
          const found = this.entries.get(key) ?? make(key)
          this.entries.delete(key)
          this.entries.set(key, found)
          if (this.entries.size > this.max) this.entries.delete(this.entries.keys().next().value)
          return found
        }
      }
      const thumbnails = new Lru(Infinity)
      const capped = new Lru(1000)
      let n = 0
      return {
        leaky: () => thumbnails.get(`k${n++}`, (key) => ({ key })),
        clean: () => capped.get(`k${n++}`, (key) => ({ key }))
      }
    },
    culprit: /\bthumbnails\b|\bLru\b/
  },

  'time-to-live-without-a-sweep': {
    kind: 'Map',
    make () {
      const tokensById = new Map()
      let fresh = new Map()
      let n = 0
      return {
        // Looks at the time only when the same key is asked for again, which no key is.
        leaky () {
          const key = n++
          const found = tokensById.get(key)
          if (found === undefined || found.until < Date.now()) tokensById.set(key, { until: Date.now() + 1, token: `t${key}` })
        },
        clean () {
          for (const [key, { until }] of fresh) if (until <= n) fresh.delete(key)
          fresh.set(n, { until: n + 20, token: `t${n}` })
          if (n++ % 5000 === 0) fresh = new Map(fresh)
        }
      }
    },
    culprit: /\btokensById\b/
  },

  'memoiser-of-objects': {
    kind: 'memoisers',
    make () {
      const memoize = (fn, store) => (arg) => {
        if (!store.has(arg)) store.set(arg, fn(arg))
        return store.get(arg)
      }
      const layout = memoize((tree) => ({ height: tree.rows * 20 }), new Map())
      const weakly = memoize((tree) => ({ height: tree.rows * 20 }), new WeakMap())
      let n = 0
      return { leaky: () => layout({ rows: n++ }), clean: () => weakly({ rows: n++ }) }
    },
    culprit: /\bstore\b|\blayout\b/
  },

  'expressions-by-text': {
    kind: 'RegExp caches',
    make () {
      const compiledPatterns = {}
      const patterns = new Map()
      let n = 0
      return {
        leaky () {
          const text = `^/items/${n++}$`
          compiledPatterns[text] ??= new RegExp(text)
          return compiledPatterns[text].test('/items/1')
        },
        clean () {
          const text = `^/items/${n++}$`
          const pattern = new RegExp(text)
          patterns.set(text, pattern)
          if (patterns.size > 100) patterns.delete(patterns.keys().next().value)
          return pattern.test('/items/1')
        }
      }
    },
    culprit: /\bcompiledPatterns\b/
  },

  'functions-by-text': {
    kind: 'new Function caches',
    make () {
      const compiledViews = new Map()
      const views = new Map()
      let n = 0
      // Compiled by the text, as template engines do.
      const compile = (cache, text) => {
        if (!cache.has(text)) cache.set(text, new Function('data', `return ${text}`)) // eslint-disable-line no-new-func
        return cache.get(text)(1)
      }
      return {
        leaky: () => compile(compiledViews, `data + ${n++}`),
        clean: () => compile(views, `data + ${n++ % 10}`)
      }
    },
    culprit: /\bcompiledViews\b/
  },

  'queries-by-template': {
    kind: 'tagged-literal caches',
    make () {
      const queryPlans = new Map()
      const byStrings = new WeakMap()
      const plan = (strings) => ({ text: strings.join('?'), fields: strings.length })
      const loose = (strings, ...values) => {
        const text = strings.reduce((text, part, i) => text + values[i - 1] + part)
        if (!queryPlans.has(text)) queryPlans.set(text, plan(strings))
        return queryPlans.get(text)
      }
      const strict = (strings, ...values) => {
        if (!byStrings.has(strings)) byStrings.set(strings, plan(strings))
        return [byStrings.get(strings), values]
      }
      let n = 0
      return { leaky: () => loose`select * from t where id = ${n++}`, clean: () => strict`select * from t where id = ${n++}` }
    },
    culprit: /\bqueryPlans\b/
  },

  'formats-by-locale': {
    kind: 'Intl objects',
    make () {
      const formatters = new Map()
      const few = new Map()
      let n = 0
      const format = (cache, minimumIntegerDigits, key) => {
        if (!cache.has(key)) cache.set(key, new Intl.NumberFormat('en', { minimumIntegerDigits }))
        return cache.get(key).format(5)
      }
      return {
        leaky: () => format(formatters, 1 + n % 21, `en-${n++}`),
        clean: () => format(few, 1 + n % 21, `en-${n++ % 21}`)
      }
    },
    culprit: /\bformatters\b/
  },

  'settings-by-name': {
    kind: 'interned keys',
    make () {
      const flagsByTenant = Object.create(null)
      let document = '{}'
      let n = 0
      return {
        leaky () {
          flagsByTenant[`tenant-${n++}`] = true
        },
        // New property names in each document, interned by the parser and gone with it.
        clean () {
          document = JSON.stringify({ [`tenant-${n++}`]: { [`flag-${n}`]: true } })
          return Object.keys(JSON.parse(document)).length
        }
      }
    },
    culprit: /\bflagsByTenant\b/
  }
}
