'use strict'

const { oneIn } = require('../shop')

/** Who reads what of which state: as in the libraries of the browsers, where a page lives as long as its state. */
const readers = new WeakMap()
let running

function reactive (state) {
  return new Proxy(state, {
    get (state, key) {
      if (running) track(state, key)
      return state[key]
    },
    set (state, key, value) {
      state[key] = value
      readers.get(state)?.get(key)?.forEach((run) => run())
      return true
    }
  })
}

function track (state, key) {
  if (!readers.has(state)) readers.set(state, new Map())
  const ofState = readers.get(state)
  if (!ofState.has(key)) ofState.set(key, new Set())
  ofState.get(key).add(running)
}

/** Runs it now, and again whenever something that it read changes. */
function watchEffect (run) {
  running = run
  run()
  running = undefined
}

const store = reactive({ currency: 'EUR', vat: 0.19, banner: 'Free delivery until Sunday' })

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /category/:name', container: 'readers', line: 'ofState.get(key).add(running)' },
  request: oneIn(4, (k) => k % 4 === 3 ? { path: '/banner' } : { path: `/category/shoes-${k % 30}?page=${k % 12}` }),
  app (app) {
    app.get('/banner', (req, res) => res.send(`<p>${store.banner}</p>`))
    app.get('/category/:name', (req, res) => res.type('html').send(renderCategory(req.params.name, Number(req.query.page))))
  }
}

function renderCategory (name, page) {
  const products = Array.from({ length: 48 }, (_, i) => ({ title: `${name} ${page}.${i}`, net: 1999 + i, sizes: [36, 37, 38 + i % 4] }))
  let html
  watchEffect(() => {
    html = products.map(({ title, net }) => `<li>${title}: ${Math.round(net * (1 + store.vat))} ${store.currency}</li>`).join('')
  })
  return `<ul>${html}</ul>`
}
