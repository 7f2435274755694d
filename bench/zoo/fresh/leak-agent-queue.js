'use strict'

const http = require('node:http')
const { TEXT, oneIn } = require('../shop')

/** Stands for the search engine: it takes each article, and tells at length what it made of it. */
function startSearch () {
  const search = http.createServer((req, res) => {
    req.resume().on('end', () => res.end(JSON.stringify({ result: 'created', tokens: TEXT.split(' ') })))
  })
  return search.listen(0, '127.0.0.1').unref()
}

class Indexer {
  failed = 0
  #agent = new http.Agent({ keepAlive: true, maxSockets: 6 })

  constructor (search) { this.search = search }

  index (article) {
    const { port } = this.search.address()
    const request = http.request({ agent: this.#agent, host: '127.0.0.1', port, method: 'POST', path: `/articles/_doc/${article.id}` })
    request.on('error', () => this.failed++)
    // What else it tells is of no interest. So it is not read, and the socket never is free again.
    request.on('response', ({ statusCode }) => { if (statusCode >= 400) this.failed++ })
    request.end(JSON.stringify(article))
  }
}

const BODY = JSON.stringify({ title: 'On leaks', text: TEXT })

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'PUT /articles/:id', container: 'agent', line: 'request({ agent: this.#agent, host' },
  request: oneIn(3, (k) => k % 4 === 3 ? { path: '/articles/failed' } : {
    method: 'PUT',
    path: `/articles/a${k % 900}`,
    headers: { 'content-type': 'application/json' },
    body: BODY
  }),
  app (app, express) {
    const indexer = new Indexer(startSearch())
    app.get('/articles/failed', (req, res) => res.json({ failed: indexer.failed }))
    app.put('/articles/:id', express.json(), (req, res) => {
      indexer.index({ id: req.params.id, ...req.body })
      res.sendStatus(204)
    })
  }
}
