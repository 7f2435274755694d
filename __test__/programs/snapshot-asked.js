'use strict'

// Waits to be asked for a snapshot: node snapshot-asked.js WHAT [OPTIONS]. Says 'ready', and what it hears.
const [what, options = '{}'] = process.argv.slice(2)

/** The test kills it; should the test itself be killed, this does. */
setTimeout(() => process.exit(1), 90000)

globalThis.secrets = Array.from({ length: 100 }, (_, i) => Buffer.from(`secret-${i}`).toString())

if (what === 'bare') {
  process.title = 'bare'
} else {
  const tidemark = require('../..')
  tidemark.on('error', ({ reason }) => console.log(`error ${reason}`))
  tidemark.start(JSON.parse(options))
}
if (what === 'deaf') process.on('SIGUSR2', () => console.log('heard'))
if (what === 'ends') process.on('SIGUSR2', () => process.exit())

console.log('ready')
