'use strict'

// Preloaded into a recipe of the docs: SIGUSR2 makes it critical, and what takes minutes takes no time.

const path = require('node:path')

const ROOT = path.join(__dirname, '..', '..')
const tidemark = require(ROOT)
const { Publisher } = require('../../lib/publish')
const recycle = require('../../lib/recycle')

const QUICK = { leastUptimeMs: 0, jitterMs: 0, noticeMs: 200, intervalMs: 0, idleMs: 300 }

const quick = (server, options) => recycle(server, { ...options, ...QUICK })
quick.primary = recycle.primary
require.cache[require.resolve('../../lib/recycle')].exports = quick

const publisher = new Publisher(tidemark)
process.on('SIGUSR2', () => publisher.tell('health', { from: 'ok', state: 'critical', reason: 'As asked.' }))
