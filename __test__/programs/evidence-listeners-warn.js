'use strict'

// Adds too many listeners, with or without ListenerWarnings, and lets Node.js warn. With 'gone' the
// emitter is dropped, and must be collected. Wants --expose-gc.
const { EventEmitter } = require('node:events')
const { setTimeout } = require('node:timers/promises')
const { gcUntil } = require('../helpers/gc-until')
const { ListenerWarnings } = require('../../lib/evidence/listeners')

class Prices extends EventEmitter {}

function addListener (emitter) {
  emitter.on('change', () => {})
}

/** In a function of its own: the frame of a running one may hold what it no longer names. */
async function annoy () {
  const prices = new Prices()
  for (let i = 0; i < 12; i++) addListener(prices)
  await setTimeout(5)
  for (let i = 0; i < 1000; i++) addListener(prices)
  return { prices }
}

async function main (mode) {
  const warnings = new ListenerWarnings()
  if (mode !== 'off') warnings.start()
  const held = await annoy()
  if (mode === 'gone') {
    let gone = false
    const registry = new FinalizationRegistry(() => { gone = true })
    registry.register(held.prices)
    held.prices = null
    await gcUntil(globalThis.gc, () => gone)
  }
  const findings = await warnings.findings()
  warnings.stop()
  console.log(JSON.stringify({ findings, listeners: process.listenerCount('warning'), file: __filename }))
}

main(process.argv[2])
