'use strict'

// A small shop with the classic leak: a Map of requests that nobody ever takes a request out of.
// `node app.js` leaks; `LEAK=0 node app.js`, or `node fixed.js`, does not.

const { randomUUID } = require('node:crypto')
const express = require('express')
const tidemark = require('tidemark')

const leaks = process.env.LEAK !== '0'
const products = new Map()
for (let id = 1; id <= 1000; id++) {
  products.set(id, { id, name: `Product ${id}`, price: 5 + (id * 7) % 95, tags: ['shop', `group-${id % 20}`] })
}
const orders = []

/** Who is being served now, for the support page. */
const requests = new Map()

tidemark.on('leak', (leak) => console.error(leak.message))
tidemark.on('recovered', (recovered) => console.error(recovered.message))

const app = express()
app.use(tidemark.express({ logger: console, interval: 10000 })) // before the routes
app.use(express.json())
app.use((req, res, next) => {
  req.id = randomUUID()
  next()
})

app.get('/', (req, res) => res.send('<h1>The shop</h1>'))

const api = express.Router()
api.get('/products', (req, res) => {
  const page = Number(req.query.page ?? 1)
  res.json([...products.values()].slice((page - 1) * 20, page * 20))
})
api.get('/products/:id', (req, res) => {
  requests.set(req.id, req) // the leak: nothing deletes it
  if (!leaks) res.once('close', () => requests.delete(req.id)) // the fix

  const product = products.get(Number(req.params.id))
  if (product) res.json({ ...product, viewers: requests.size })
  else res.status(404).json({ error: 'No such product' })
})
api.post('/orders', (req, res) => {
  const order = { id: req.id, items: req.body?.items ?? [], at: new Date() }
  orders.push(order)
  if (orders.length > 1000) orders.shift()
  res.status(201).json(order)
})
app.use('/api', api)

app.get('/support/requests', (req, res) => res.json({ count: requests.size }))
// Keep both from the public, as any page about the inside.
app.get('/tidemark', tidemark.express.status())
app.use('/live', tidemark.dashboard())

const server = app.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? '127.0.0.1', () => {
  const { address, port } = server.address()
  console.log(`The shop listens at http://${address}:${port}`)
})
