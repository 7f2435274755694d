'use strict'

const cluster = require('node:cluster')
const { isMainThread } = require('node:worker_threads')
const tidemark = require('../../index.js')
const binding = require('../binding').loadBinding()
const { createError } = require('../errors')
const { Publisher } = require('../publish')
const { sessionOf } = require('../session')
const { OPTIONS, PRIMARY_OPTIONS, readOptions, readServers } = require('./options')
const { Primary } = require('./primary')
const { Stepping } = require('./stepping')

/** Of this thread. @type {InstanceType<typeof Stepping> | undefined} */
let stepping

/**
 * Lets this process step aside when it is critical, while others take its requests. Starts the monitor if it
 * is not running.
 * @param {import('node:http').Server | import('node:http').Server[] | null} [server]
 * @param {object} [options] see recycle.d.ts
 * @throws ERR_TIDEMARK_OPTION, ERR_TIDEMARK_UNKNOWN_OPTION, ERR_TIDEMARK_RECYCLE
 */
function recycle (server, options) {
  const servers = readServers(server)
  const read = readOptions(options, OPTIONS)
  // SIGTERM would end the process with all its threads.
  if (!isMainThread && read.leave === undefined) throw createError('ERR_TIDEMARK_OPTION', ['leave', 'a function in a worker thread, which ends the thread by its pool', undefined])
  // Two would wait for each other's turn, and end the process twice.
  if (stepping !== undefined && stepping.state !== 'stopped') throw createError('ERR_TIDEMARK_RECYCLE', ['`recycle()` was called before in this thread: give it all servers in an array, or call `stop()` of the first one.'])
  const publisher = new Publisher(tidemark)
  stepping = new Stepping({
    monitor: tidemark,
    binding,
    servers,
    options: read,
    directory: () => read.directory ?? sessionOf(tidemark)?.options.recorder?.directory,
    reportError: (topic, error) => publisher.reportError(topic, error)
  })
  return stepping
}

/**
 * In the primary of a cluster: starts replacements for workers that step aside.
 * @param {object} [options] see recycle.d.ts
 * @throws ERR_TIDEMARK_OPTION, ERR_TIDEMARK_UNKNOWN_OPTION
 */
recycle.primary = (options) => {
  const read = readOptions(options, PRIMARY_OPTIONS)
  if (!cluster.isPrimary) throw createError('ERR_TIDEMARK_RECYCLE', ['`recycle.primary()` is for the primary of a cluster, and this is a worker: call `recycle(server)` here.'])
  return new Primary(read)
}

module.exports = recycle
