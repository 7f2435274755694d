'use strict'

const { once } = require('node:events')
const http = require('node:http')
const tidemark = require('../..')
const { request } = require('../helpers/http')

async function main () {
  const middleware = tidemark.express({ logger: console, interval: 3600000 })
  const server = http.createServer((req, res) => middleware(req, res, () => res.end())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  await request(server.address().port, '/')
  server.close()
  console.log(JSON.stringify({ last: 'end of main' }))
}

main()
