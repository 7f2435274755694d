'use strict'

// The thread that lists a recorder's folder for the page of an app.

const { setInterval } = require('node:timers')
const { parentPort, workerData } = require('node:worker_threads')
const { loadBinding } = require('../binding')
const { messageOf } = require('../errors')
const { rowsIn } = require('./rows')

const EVERY_MS = 5000

const binding = loadBinding()

function look () {
  try {
    parentPort?.postMessage({ rows: rowsIn(JSON.parse(binding.listFlights(workerData))).map(({ shown, file, threadId }) => ({ ...shown, key: null, file, isOf: threadId })) })
  } catch (error) {
    parentPort?.postMessage({ rows: [], problem: messageOf(error) })
  }
}

look()
setInterval(look, EVERY_MS)
