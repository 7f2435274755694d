// Must compile: the same from CommonJS, and a program of memwatch with its require line changed.

import memwatch = require('tidemark')
import express = require('tidemark/express')

memwatch.on('leak', (info) => console.log(info.start, info.end, info.growth, info.reason))
memwatch.on('stats', (stats) => console.log(
  stats.num_full_gc, stats.num_inc_gc, stats.heap_compactions, stats.usage_trend,
  stats.estimated_base, stats.current_base, stats.min, stats.max
))
memwatch.gc()

const hd = new memwatch.HeapDiff()
const { change } = hd.end()
for (const detail of change.details) console.log(detail.what, detail.size_bytes, detail.size, detail['+'], detail['-'])

const status: memwatch.Status = memwatch.status()
const handler: express.ExpressMiddleware = express
console.log(status.state, handler(), handler.status())

const page: memwatch.Dashboard = memwatch.dashboard({ allowActions: true, hosts: ['ops.example.com'], maxStreams: 5, path: '/tidemark' })
require('node:http').createServer(page)
page.close()
