'use strict'

// Sends itself the signal: node snapshot-signal.js FOLDER OPTIONS [WHAT]. Prints what it heard.
const { subscribe } = require('node:diagnostics_channel')
const { readdirSync } = require('node:fs')
const tidemark = require('../..')

const [folder, options, what] = process.argv.slice(2)
const { signal } = JSON.parse(options)
const secrets = Array.from({ length: 100 }, (_, i) => Buffer.from(`secret-${i}`).toString())

process.chdir(folder)
const heard = { published: [], errors: [] }
subscribe('tidemark:snapshot', ({ path, method, bytes, error }) => {
  heard.published.push({ path, method, bytes, reason: error?.reason })
  if (what !== 'alone') setImmediate(tell)
})
if (what !== 'deaf') {
  tidemark.on('error', (error) => {
    heard.errors.push(error.reason)
    if (what === 'throws') throw new Error('from a listener')
  })
}
tidemark.start(JSON.parse(options))

const tell = () => {
  const listening = process.listenerCount(signal)
  tidemark.stop()
  console.log(JSON.stringify({ ...heard, listening, left: process.listenerCount(signal), files: readdirSync('.'), secrets: secrets.length }))
  process.exit()
}

if (what === 'alone') {
  process.on('exit', () => console.log(JSON.stringify({ ...heard, files: readdirSync('.') })))
  process.kill(process.pid, signal)
  // Long enough for the signal to be heard, not for a snapshot.
  setTimeout(() => {}, 20)
} else {
  setInterval(() => {}, 1000)
  process.kill(process.pid, signal)
}
