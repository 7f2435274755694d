'use strict'

// Holds many strings that start with 'marker-', and writes one redacted snapshot after the other into FOLDER:
// node writes-until-killed.js FOLDER METHOD [named], with 'named' as on a file system whose files must have names.
// METHOD own: snapshots for tidemark's own eyes, which are not redacted.

const fs = require('node:fs')
const path = require('node:path')

const [folder, method, named] = process.argv.slice(2)

/** As Node.js reports it on Linux. */
if (named === 'named') {
  const { open } = fs.promises
  fs.promises.open = async (file, flags, ...rest) => {
    if (file === folder) throw Object.assign(new Error(`ENOTSUP: operation not supported on socket, open '${file}'`), { errno: -95, code: 'ENOTSUP', syscall: 'open' })
    return open(file, flags, ...rest)
  }
}

const tidemark = require('../..')
const { loadBinding } = require('../../lib/binding')
const { captureNameless } = require('../../lib/snapshot')

const held = Array.from({ length: 20000 }, (_, id) => `marker-${id}-${'x'.repeat(id % 90)}`.split('').reverse().reverse().join(''))

async function own () {
  const { close, ...taken } = await captureNameless(loadBinding(), {})
  await close()
  return taken
}

async function main () {
  setInterval(() => {}, 1000)
  for (let count = 1; ; count++) {
    const { bytes } = await (method === 'own' ? own() : tidemark.writeHeapSnapshot(path.join(folder, 'taken.heapsnapshot'), { method, redact: true }))
    console.log(JSON.stringify({ count, bytes, held: held.length }))
  }
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
