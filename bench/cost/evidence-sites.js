'use strict'

// What sampling the allocation sites costs an Express app under load: CPU time for a request with
// and without, turn by turn in one process, so that a slow minute of the machine hits both alike.
// --finer N samples N times as often as tidemark does: what the noise hides shows then, N times.
// node bench/cost/evidence-sites.js [--pairs 24] [--seconds 1.5] [--finer 1]
const { fork } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { setTimeout: wait } = require('node:timers/promises')
const { parseArgs } = require('node:util')
const autocannon = require('autocannon')
const { median, spread } = require('../statistics')

async function main () {
  const { values } = parseArgs({ options: { pairs: { type: 'string', default: '24' }, seconds: { type: 'string', default: '1.5' }, finer: { type: 'string', default: '1' } } })
  const [pairs, ms] = [Number(values.pairs), Number(values.seconds) * 1000]
  const server = fork(path.join(__dirname, 'programs', 'sites-server.js'), [values.finer])
  const ask = async (command) => {
    server.send(command)
    return (await once(server, 'message'))[0]
  }
  const cpuOfRequest = async () => {
    const before = await ask('state')
    await wait(ms)
    const after = await ask('state')
    return (after.cpuUs - before.cpuUs) / (after.requests - before.requests)
  }
  const [{ port }] = await once(server, 'message')
  const load = autocannon({ url: `http://127.0.0.1:${port}/users/42`, connections: 20, duration: 3600 })
  await wait(4000)
  const rows = []
  for (let i = 0; i < pairs; i++) {
    const row = {}
    for (const variant of i % 2 === 0 ? ['off', 'on'] : ['on', 'off']) {
      const begun = variant === 'on' ? await ask('on') : {}
      row[variant] = await cpuOfRequest()
      if (variant === 'on') Object.assign(row, begun, await ask('off'))
    }
    rows.push(row)
  }
  load.stop()
  server.disconnect()
  const of = (name) => median(rows.map((row) => row[name]))
  console.log(JSON.stringify({
    node: process.version,
    cpuUsOfRequest: { off: of('off'), on: of('on') },
    capacityOfBare: spread(rows.map(({ off, on }) => off / on)),
    allocatedBytesPerSecond: of('bytesPerSecond'),
    intervalBytes: of('intervalBytes'),
    samplesPerSecond: median(rows.map(({ bytesPerSecond, intervalBytes }) => bytesPerSecond / intervalBytes)),
    profileMs: of('profileMs')
  }, null, 2))
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
