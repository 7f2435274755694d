'use strict'

// Keys that timers beside their container take out, in three ways, and one whose timers do not. Prints what the census
// says of when each ends.

const { censusOf } = require('../helpers/census-walks')

const addresses = new Map()
const seen = new Set()
const requests = new Map()
const warned = []

function forget (key) {
  seen.delete(key)
}

class Limiter {
  #byUser = new Map()
  hit (user) {
    this.#byUser.set(user, { user, points: 1 })
    setTimeout(() => this.#byUser.delete(user), 630000)
  }
}

const limiter = new Limiter()
let n = 0

function work () {
  for (let i = 0; i < 300; i++) {
    const key = `key number ${n++}`
    addresses.set(key, { count: 1 })
    setTimeout(() => { addresses.delete(key) }, 610000)
    seen.add(key)
    setTimeout(() => forget(key), 620000)
    limiter.hit(key)
    requests.set(key, { key })
    setTimeout(() => { if (requests.has(key)) warned.push(key) }, 640000)
  }
}

exports.keeps = { work, limiter }
work()
// It calls what sets the timers, and ends nothing.
setInterval(() => { if (n === 0) limiter.hit('nobody'); forget('nobody') }, 600000)

async function main () {
  const told = await censusOf(work, 4)
  process.stdout.write(JSON.stringify(told))
  process.exit()
}

main()
