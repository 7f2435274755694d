'use strict'

const tidemark = require('../..')
const { watchedIsolates } = require('../../binding.js')

const watched = [watchedIsolates()]
tidemark.start()
watched.push(watchedIsolates())
tidemark.gc()
const first = tidemark.status().gc.major.count
tidemark.stop()
tidemark.stop()
watched.push(watchedIsolates())
tidemark.gc()
const stopped = tidemark.status()
tidemark.start()
watched.push(watchedIsolates())
tidemark.gc()
const second = tidemark.status().gc.major.count
tidemark.stop()
watched.push(watchedIsolates())
console.log(JSON.stringify({ first, stopped, second, watched }))
