'use strict'

const { bytes, duration } = require('../format')
const { boolean, integer, readOptions } = require('../options')
const { keepRunning } = require('../publish')
const { createHandler } = require('./handler')
const { Live } = require('./live')

const OPTIONS = {
  allowActions: { default: false, check: boolean() },
  hosts: { default: [], check: names() },
  maxStreams: { default: 20, check: integer(1, 1000) },
  path: { default: '/', check: mountPath() }
}

/** Subject of the only process that a mounted page shows. */
const THIS = ''

/**
 * Makes `tidemark.dashboard`: the live page of this thread.
 * @param {import('../..').Tidemark} monitor
 * @param {(options: object) => Promise<object>} writeHeapSnapshot
 */
function createDashboard (monitor, writeHeapSnapshot) {
  /**
   * @param {{allowActions?: boolean, hosts?: string[], maxStreams?: number, path?: string}} [options] see index.d.ts
   * @throws ERR_TIDEMARK_OPTION, ERR_TIDEMARK_UNKNOWN_OPTION
   */
  return function dashboard (options) {
    const { allowActions, hosts, maxStreams, path } = readOptions(options, OPTIONS)
    const letGo = keepRunning(monitor)
    const live = new Live(monitor, (isOther) => {
      if (streams.count === 0) live.rest()
      else if (isOther) streams.send(THIS, 'view', () => live.view())
      else streams.send(THIS, 'update', () => live.update())
    })
    const { handle, streams } = createHandler({
      source: { view: () => live.view() },
      actions: allowActions ? actionsOf(monitor, writeHeapSnapshot) : {},
      hosts: hosts.map((host) => host.toLowerCase()),
      isHostChecked: false,
      maxStreams,
      path
    })
    function tidemarkDashboard (req, res, next) {
      handle(req, res, next)
    }
    tidemarkDashboard.close = () => {
      streams.close()
      live.close()
      letGo()
    }
    return tidemarkDashboard
  }
}

function actionsOf (monitor, writeHeapSnapshot) {
  return {
    gc () {
      const startedAt = performance.now()
      monitor.gc()
      return `A full GC took ${duration(performance.now() - startedAt)}.`
    },
    async snapshot () {
      const { path, bytes: size, pauseMs } = await writeHeapSnapshot({ redact: true })
      return `${path} was written: ${bytes(size)}, redacted, and the process stood still for ${duration(pauseMs)}.`
    }
  }
}

function names () {
  return (value) => Array.isArray(value) && value.every((name) => typeof name === 'string' && /^[\w.-]+$/.test(name)) ? undefined : 'an array of host names without ports'
}

function mountPath () {
  return (value) => typeof value === 'string' && value.startsWith('/') ? undefined : 'a path that begins with \'/\''
}

module.exports = { createDashboard }
