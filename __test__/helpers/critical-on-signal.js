'use strict'

// Preloaded into a recipe of docs/stepping-aside.md: SIGUSR2 makes it critical, with the workers that it has,
// and what takes minutes takes no time. Says who listens and who has left.

const cluster = require('node:cluster')
const { writeSync } = require('node:fs')
const net = require('node:net')
const { isMainThread } = require('node:worker_threads')
const tidemark = require('../..')
const { Publisher } = require('../../lib/publish')
const recycle = require('../../lib/recycle')

const QUICK = { leastUptimeMs: 0, jitterMs: 0, noticeMs: 100, intervalMs: 0, idleMs: 300 }

const quick = (server, options) => recycle(server, { ...options, ...QUICK })
quick.primary = recycle.primary
require.cache[require.resolve('../../lib/recycle')].exports = quick

function workers () {
  return Object.values(cluster.workers ?? {})
}

function say (word) {
  if (workers().length === 0) writeSync(1, `recipe: ${word}\n`)
}

if (isMainThread) {
  const publisher = new Publisher(tidemark)
  process.on('SIGUSR2', () => {
    for (const worker of workers()) worker.process.kill('SIGUSR2')
    publisher.tell('health', { from: 'ok', state: 'critical', reason: 'As asked.', timeToLimitMs: null })
  })
  process.once('exit', () => say('left'))
  const { emit } = net.Server.prototype
  net.Server.prototype.emit = function (event, ...args) {
    // lightship has a server of its own.
    if (event === 'listening' && this.address()?.port === Number(process.env.PORT)) say('listens')
    return emit.call(this, event, ...args)
  }
}
