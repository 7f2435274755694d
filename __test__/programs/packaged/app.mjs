// As app.js, in a project of `type: module`: every name that index.js promises is imported by name.
import http from 'node:http'
import express from 'express'
import tidemark, { on, gc, start, status, express as middleware } from 'tidemark'

const kept = []
const app = express()
app.use(middleware())
app.get('/', (req, res) => {
  for (let i = 0; i < 20000; i++) kept.push({ i, text: `${i}` })
  gc()
  res.end('ok')
})

on('leak', ({ channel, growth, message }) => {
  console.log(JSON.stringify({ channel, growth, message, source: status().source, same: tidemark.on === on }))
  process.exit(0)
})
start({ detector: process.argv[2] ?? 'memwatch' })

const server = app.listen(0, '127.0.0.1', ask)

function ask () {
  const { port } = server.address()
  http.get({ host: '127.0.0.1', port }, (res) => res.resume().on('end', ask))
}
