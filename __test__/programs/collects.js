'use strict'

// Collects some times, with turns of the event loop in which events are told, then ends by itself.

const { setImmediate } = require('node:timers/promises')
const tidemark = require('../..')

async function main () {
  for (let i = 0; i < 10; i++) {
    tidemark.gc()
    await setImmediate()
  }
  console.log('end')
}

main()
