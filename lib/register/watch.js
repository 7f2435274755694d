'use strict'

const { setTimeout } = require('node:timers')
const { isMainThread } = require('node:worker_threads')
const { jsonLine, textLine } = require('./lines')
const { writeLine } = require('./stderr')
const { environment, readVariables } = require('./variables')

/** Belong to the process, and so to its main thread. */
const OF_THE_PROCESS = ['signal', 'snapshotNearHeapLimit']

/** PM2 takes a cluster worker's stderr over some turns of its event loop after the preloads. */
const PM2_STARTS_MS = 1000

/**
 * Watches this thread as the environment says and logs to stderr. Worker threads inherit the
 * preload, and each watches itself.
 * @param {Record<string, string | undefined>} env
 */
function watch (env) {
  const { format, events, options, errors } = readVariables(environment(env))
  if (!isMainThread) for (const name of OF_THE_PROCESS) delete options?.[name]
  const toLine = format === 'json' ? jsonLine : textLine
  const log = (event, payload) => writeLine(toLine(event, payload))
  const logAtStart = (event, payload) => {
    if (env.pm2_env === undefined) log(event, payload)
    else setTimeout(log, PM2_STARTS_MS, event, payload).unref()
  }
  for (const { code, message } of errors) {
    const instead = code === 'ERR_TIDEMARK_OPTION' ? 'The default is used instead.' : 'It is ignored.'
    logAtStart('error', { code, message: `${message} ${instead}` })
  }

  let tidemark
  try {
    // The listeners start it with these, and the app may still start it with its own.
    if (options !== undefined) require('../options').setPreset(options)
    tidemark = require('../../index.js')
  } catch (error) {
    logAtStart('error', { code: error?.code ?? 'ERR_TIDEMARK_REGISTER', message: `${error?.message} Nothing is watched; the app goes on.` })
    return
  }
  for (const event of events) tidemark.on(event, (payload) => log(event, payload))
  const told = new Set()
  tidemark.on('error', (error) => {
    if (!isOld(error, told)) log('error', { ...error, message: error.message })
  })
  for (const message of tidemark.status().problems) logAtStart('warning', { message })
}

/** At most this many different errors of listeners are logged, because messages may hold ids. */
const MOST_THROWN = 100

/** What a listener throws for every collection must not flood the log. */
function isOld ({ code, message }, told) {
  if (code !== 'ERR_TIDEMARK_LISTENER') return false
  const old = told.has(message) || told.size >= MOST_THROWN
  told.add(message)
  return old
}

module.exports = { watch }
