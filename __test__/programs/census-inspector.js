'use strict'

// 'missing': a Node.js without inspector. 'session': the app has a session of its own.

const Module = require('node:module')

const mode = process.argv[2]
const hidden = new Map(Array.from({ length: 60 }, (_, i) => [i, { i }]))
exports.exported = new Set(Array.from({ length: 70 }, (_, i) => ({ i })))
exports.look = () => hidden.size

if (mode === 'missing') {
  const { value: load } = Object.getOwnPropertyDescriptor(Module, '_load')
  const without = function (id, ...rest) {
    if (/^(?:node:)?inspector$/.test(id)) throw Object.assign(new Error('Inspector is not available'), { code: 'ERR_INSPECTOR_NOT_AVAILABLE' })
    return load.call(this, id, ...rest)
  }
  Object.defineProperty(Module, '_load', { value: without })
}

async function main () {
  const events = []
  let session
  if (mode === 'session') {
    const { Session } = require('node:inspector')
    session = new Session()
    session.connect()
    session.post('Debugger.enable')
    session.post('Runtime.enable')
    for (const event of ['Debugger.paused', 'Runtime.exceptionThrown', 'Runtime.executionContextsCleared']) session.on(event, () => events.push(event))
    session.post('Debugger.setPauseOnExceptions', { state: 'all' })
  }
  const { census } = require('../../lib/evidence/census')
  const { containers, problems } = await census()
  session?.disconnect()
  process.stdout.write(JSON.stringify({ names: containers.map(({ name }) => name), problems, events, left: Object.getOwnPropertySymbols(globalThis).map(String) }))
}

main()
