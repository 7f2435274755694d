'use strict'

// A Map that only a suspended function holds, which no name leads to, beside one that has a name.

const { census } = require('../../lib/evidence/census')

const named = new Map(Array.from({ length: 3000 }, (_, i) => [i, i]))
exports.size = () => named.size

async function wait (settled) {
  const local = new Map(Array.from({ length: 2000 }, (_, i) => [i, i]))
  await settled
  return local.size
}

async function main () {
  let settle
  const waiting = wait(new Promise((resolve) => { settle = resolve }))
  const result = await census({ heapWide: true, maxPauseMs: 60000 })
  const refused = await census({ heapWide: true, maxPauseMs: 1 })
  settle()
  await waiting
  const refusals = []
  for (const options of [{ since: 3 }, { heapWide: 'yes' }, { depth: 1 }]) await census(options).catch(({ code }) => refusals.push(code))
  process.stdout.write(JSON.stringify({ ...result, refusals, refused }))
}

main()
