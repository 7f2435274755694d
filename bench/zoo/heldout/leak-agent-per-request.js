'use strict'

const http = require('node:http')
const { once } = require('node:events')
const { oneIn } = require('../shop')

class InventoryClient {
  constructor (baseUrl) {
    this.baseUrl = baseUrl
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 5 })
  }

  async get (path) {
    const [response] = await once(http.get(this.baseUrl + path, { agent: this.agent }), 'response')
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += chunk
    return JSON.parse(text)
  }
}

module.exports = {
  label: 'leak',
  channel: ['resources', 'heap'],
  culprit: { route: 'GET /inventory/:sku', container: 'InventoryClient', line: 'await once(http.get(' },
  request: oneIn(40, (k) => ({ path: `/inventory/sku-${k}` })),
  app (app) {
    const upstream = http.createServer((req, res) => res.end(JSON.stringify({ path: req.url, pieces: 3 })))
    upstream.keepAliveTimeout = 0
    upstream.listen(0, '127.0.0.1')
    app.get('/inventory/:sku', async (req, res) => {
      // A client for each request, and with it an agent whose idle socket stays open.
      const client = new InventoryClient(`http://127.0.0.1:${upstream.address().port}`)
      res.json(await client.get(`/stock/${req.params.sku}`))
    })
  }
}
