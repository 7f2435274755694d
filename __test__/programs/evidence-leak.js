'use strict'

// A server that leaks under its own load, in one of several ways, until tidemark tells it and who
// does it: then its payload as JSON. node evidence-leak.js requests|values
const http = require('node:http')
const tidemark = require('../..')

const [way] = process.argv.slice(2)
const kept = new Map()
/** What the likeliest suspect must tell of: on a very busy machine that may come later than the leak. */
const WANTED = { requests: ['route', 'container'], values: ['site'] }[way]
/** Requests every 20 ms. */
const RATES = { requests: 16, values: 2 }

const ways = {
  requests (req) { kept.set(kept.size, req) },
  values: function remember () { kept.set(kept.size, Array.from({ length: 300 }, (_, i) => ({ i, text: `value ${i}` }))) }
}

const server = http.createServer((req, res) => {
  if (req.url.startsWith('/items/')) ways[way](req)
  res.end(JSON.stringify(Array.from({ length: 100 }, (_, i) => i)))
})

let told
function tell (event) {
  told = { ...told, ...event }
  const [{ kind, evidence } = { evidence: [] }] = told.suspects
  const kinds = [kind, ...evidence.map((observation) => observation.kind)]
  if (!WANTED.every((wanted) => kinds.includes(wanted))) return
  console.log(JSON.stringify({ leak: told, status: tidemark.status() }))
  process.exit()
}

tidemark.on('leak', (leak) => { if (leak.channel === 'heap') tell(leak) })
tidemark.on('leak-evidence', ({ channel, suspects, message }) => { if (channel === 'heap') tell({ suspects, message }) })
tidemark.start({ sampleIntervalMs: 250 })

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address()
  const agent = new http.Agent({ keepAlive: true })
  let n = 0
  const next = () => {
    const path = n++ % 2 === 0 ? `/items/${n}` : '/health'
    http.get({ port, path, agent, host: '127.0.0.1' }, (res) => res.resume()).on('error', () => {})
  }
  // At a steady pace, whatever the machine: about 1 MB a second leaks.
  setInterval(() => { for (let i = 0; i < RATES[way]; i++) next() }, 20)
  // Small garbage, so that V8 collects as it does in a service.
  setInterval(() => { Array.from({ length: 20000 }, (_, i) => ({ i })) }, 20)
})
