'use strict'

// An http server that leaks until it steps aside. Arguments: the folder of the recorder.

const http = require('node:http')
const tidemark = require('../..')
const recycle = require('../../lib/recycle')

tidemark.start({ recorder: process.argv[2], detector: 'memwatch', consecutive: 2, sampleIntervalMs: 100, evidence: [], criticalMs: 86400000 })
const server = http.createServer((req, res) => res.end())
const stepping = recycle(server, { leastUptimeMs: 0, jitterMs: 0, noticeMs: 0 })
stepping.on('state', ({ state, reason }) => console.log(JSON.stringify({ state, reason })))
server.listen(0)

const kept = []
setInterval(() => {
  for (let i = 0; i < 20000; i++) kept.push({ i })
  tidemark.gc()
}, 20)
