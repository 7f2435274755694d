'use strict'

// Starts tidemark with options of its own, sends itself the signal that the environment named, and lives on.
const { channel } = require('node:diagnostics_channel')
const tidemark = require('../..')

tidemark.start({ memoryLimit: 60 * 1048576 })
const alive = setInterval(() => {}, 1000)
channel('tidemark:snapshot').subscribe(({ error }) => {
  clearInterval(alive)
  console.log(JSON.stringify({ code: error.code, limit: tidemark.status().channels.native === undefined }))
})
process.kill(process.pid, 'SIGUSR2')
