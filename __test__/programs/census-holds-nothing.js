'use strict'

// Runs with --expose-gc. Prints whether what the app let go of is collected while evidence is being
// collected, in the middle of a walk and after it, and after a census on demand.

const { setImmediate: turn } = require('node:timers/promises')
const { CensusEvidence, census } = require('../../lib/evidence/census')
const { createMeans } = require('../helpers/means')
const { gcUntil } = require('../helpers/gc-until')

/** Not by a WeakRef: looking whether its target lives keeps it alive until the next turn. */
const collected = new Set()
const registry = new FinalizationRegistry((name) => collected.add(name))

const app = { caches: [] }
exports.app = app
exports.handlers = []

function fill (name) {
  app.caches = Array.from({ length: 20 }, () => new Map(Array.from({ length: 100 }, (_, i) => [{ i }, { list: [i], nested: new Set([{ i }]) }])))
  exports.handlers = app.caches.map((cache) => () => cache.size)
  registry.register(app.caches[7], name)
}

function letGo () {
  app.caches = []
  exports.handlers = []
}

async function isCollected (name) {
  letGo()
  try {
    await gcUntil(globalThis.gc, () => collected.has(name), 30)
    return true
  } catch {
    return false
  }
}

async function main () {
  // Nothing of a census keeps a process alive.
  const alive = setInterval(() => {}, 1000)
  const evidence = new CensusEvidence(createMeans())
  fill('during')
  evidence.start()
  await new Promise((resolve) => setTimeout(resolve, 2))
  for (let i = 0; i < 3; i++) await turn()
  const midWalk = await isCollected('during')

  fill('after')
  evidence.stop()
  evidence.start()
  const { walks } = evidence.cost
  do await new Promise((resolve) => setTimeout(resolve, 10)); while (evidence.cost.walks === walks)
  for (const cache of app.caches) for (let i = 0; i < 100; i++) cache.set({ i }, {})
  evidence.tick(0, { fullGcs: 2, level: 0 })
  const findings = (await evidence.findings()).length
  const afterFindings = await isCollected('after')
  evidence.stop()

  fill('onDemand')
  const result = await census({}, createMeans())
  const afterCensus = await isCollected('onDemand')
  process.stdout.write(JSON.stringify({ midWalk, afterFindings, afterCensus, findings, containers: result.containers.length }))
  clearInterval(alive)
}

main()
