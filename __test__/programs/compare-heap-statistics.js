'use strict'

const v8 = require('node:v8')
const tidemark = require('../..')

tidemark.start()
// Loads and compiles what the reading needs, so that the second one allocates little.
tidemark.gc()
tidemark.history()
v8.getHeapStatistics()

tidemark.gc()
const heap = v8.getHeapStatistics()
const sample = tidemark.history().samples.at(-1)
tidemark.stop()
console.log(JSON.stringify({ sample, heap }))
