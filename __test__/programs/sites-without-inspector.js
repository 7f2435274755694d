'use strict'

// As on a Node.js that was built --without-inspector: requiring it throws.
const Module = require('node:module')

const LOAD = '_load'
const load = Module[LOAD]
Module[LOAD] = function (request, ...rest) {
  if (/^(?:node:)?inspector$/.test(request)) {
    throw Object.assign(new Error('Inspector is not available'), { code: 'ERR_INSPECTOR_NOT_AVAILABLE' })
  }
  return load.call(this, request, ...rest)
}

const { SiteEvidence } = require('../../lib/evidence/sites')
const { profile } = require('../../lib/profile')

const evidence = new SiteEvidence()
evidence.start()
setTimeout(async () => {
  evidence.tick(performance.now(), { fullGcs: 1, level: 1 })
  const { code, message } = await profile({ durationMs: 100 }).catch((error) => error)
  console.log(JSON.stringify({ findings: await evidence.findings(), problems: evidence.problems, code, message }))
  evidence.stop()
}, 1000)
