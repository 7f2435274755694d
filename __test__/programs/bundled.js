'use strict'

// An app to be bundled with tidemark: its status and its census as JSON.
const { setTimeout: wait } = require('node:timers/promises')
const tidemark = require('tidemark')

const kept = new Map()
require('node:http').createServer((req) => kept.set(req.url, req)).listen(0, '127.0.0.1', async () => {
  for (let i = 0; i < 500; i++) kept.set(i, i)
  tidemark.on('leak', () => {})
  await wait(50)
  const { problems } = tidemark.status()
  const census = await tidemark.census()
  console.log(JSON.stringify({ problems, containers: census.containers }))
  process.exit()
})
