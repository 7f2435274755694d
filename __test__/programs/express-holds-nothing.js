'use strict'

const { once } = require('node:events')
const http = require('node:http')
const tidemark = require('../..')
const { gcUntil } = require('../helpers/gc-until')
const { request, until } = require('../helpers/http')

// Objects that were collected are taken off these counts.
const alive = { requests: 0, apps: 0 }
const registry = new FinalizationRegistry((kind) => { alive[kind]-- })
function follow (kind, object) {
  alive[kind]++
  registry.register(object, kind)
}

async function serve () {
  const logger = { info () {} }
  follow('apps', logger)
  const middleware = tidemark.express({ logger, interval: 30 })
  follow('apps', middleware)
  const waiting = []
  const server = http.createServer((req, res) => {
    follow('requests', req)
    follow('requests', res)
    middleware(req, res, () => req.url === '/hangs' ? waiting.push(0) : res.end('ok'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  for (let i = 0; i < 20; i++) await request(port, `/${i}`)
  const client = http.get({ port, host: '127.0.0.1', path: '/hangs', agent: false }).on('error', () => {})
  await until(() => waiting.length === 1)
  client.destroy()
  const closed = once(server, 'close')
  server.close()
  await closed
}

serve()
  // A second middleware is the latest one now, which `status()` knows; the first is nobody's.
  .then(() => { tidemark.express() })
  .then(() => gcUntil(() => tidemark.gc(), () => alive.requests === 0 && alive.apps === 0, 2000))
  .then(() => console.log(JSON.stringify(alive)))
