'use strict'

// An Express app with the classic leak, in a project that installed the packed packages. Asks itself
// until the 'leak' event comes, and prints it.
const http = require('node:http')
const express = require('express')
const tidemark = require('tidemark')

const [, , detector = 'memwatch'] = process.argv
/** Requests for one collection: memwatch's rule counts them, the trend wants an even pace. */
const every = detector === 'memwatch' ? 1 : 4
let served = 0
const kept = []
const app = express()
app.use(tidemark.express())
app.get('/', (req, res) => {
  for (let i = 0; i < 5000; i++) kept.push({ i, text: `${i}` })
  if (++served % every === 0) tidemark.gc()
  res.end('ok')
})

tidemark.on('leak', ({ channel, growth, message }) => {
  console.log(JSON.stringify({ channel, growth, message, source: tidemark.status().source, resolved: require.resolve('tidemark') }))
  process.exit(0)
})
// A leak at an even pace, with a limit that is minutes away.
tidemark.start({ detector, memoryLimit: 512 * 1048576 })

const server = app.listen(0, '127.0.0.1', ask)

function ask () {
  const { port } = server.address()
  http.get({ host: '127.0.0.1', port }, (res) => res.resume().on('end', () => setTimeout(ask, 100)))
}
