'use strict'

// First, so that another runtime is told by name and not by what it lacks.
const binding = require('./lib/binding').loadBinding()
const { Monitor } = require('./lib/monitor')
const { getPreset } = require('./lib/options')
const { sessionOf } = require('./lib/session')
const { lazily, withDescriptors, withSpare } = require('./lib/spare-descriptor')

/** This thread's monitor: an EventEmitter, as memwatch was. Nothing runs until someone listens. */
const tidemark = new Monitor(binding, getPreset)

module.exports = tidemark

// Own and bound, so that `import { on, gc } from 'tidemark'` works as well.
module.exports.on = tidemark.on.bind(tidemark)
module.exports.once = tidemark.once.bind(tidemark)
module.exports.off = tidemark.off.bind(tidemark)
module.exports.start = tidemark.start.bind(tidemark)
module.exports.stop = tidemark.stop.bind(tidemark)
module.exports.gc = tidemark.gc.bind(tidemark)
module.exports.status = tidemark.status.bind(tidemark)
module.exports.health = tidemark.health.bind(tidemark)
module.exports.history = tidemark.history.bind(tidemark)
module.exports.census = census
module.exports.expect = expect
module.exports.profile = profile
module.exports.writeHeapSnapshot = writeHeapSnapshot
module.exports.readHeapSnapshot = readHeapSnapshot
module.exports.metricsText = metricsText
module.exports.notify = notify
module.exports.express = express
module.exports.dashboard = dashboard

const heapDiff = lazily(() => withDescriptors(() => ({ HeapDiff: require('./lib/heap-diff').createHeapDiff(binding, unjudged) })))
const later = { get HeapDiff () { return heapDiff().HeapDiff } }

// Loaded with its first use, or by `import`: of this form Node.js knows that `import { HeapDiff }` may be meant.
Object.defineProperty(module.exports, 'HeapDiff', { enumerable: true, get: function () { return later.HeapDiff } })
// In an app nobody asks for it.
Object.defineProperty(module.exports, 'test', { get: () => withSpare(() => require('./lib/leak-test')), enumerable: true })

/** Runs what makes V8 collect, kept from the verdict. */
function unjudged (work) {
  const session = sessionOf(tidemark)
  if (session === undefined) work()
  else session.unjudged(work)
}

// Loaded with their first use: a process that never suspects anything needs none of it. That may come
// when the app has leaked all descriptors, so what says that in words is there already.

function census (options) {
  return withSpare(() => require('./lib/evidence/census')).census(options, { binding, maxPauseMs: sessionOf(tidemark)?.maxPauseMs })
}

function expect (container, bounds) {
  require('./lib/evidence/expected').expect(container, bounds)
}

function profile (options) {
  return withSpare(() => require('./lib/profile')).profile(options)
}

function writeHeapSnapshot (...args) {
  let snapshots
  try {
    snapshots = withDescriptors(() => require('./lib/snapshot'))
  } catch (error) {
    const callback = args.at(-1)
    if (typeof callback !== 'function') return Promise.reject(error)
    process.nextTick(callback, error)
    return
  }
  return snapshots.writeHeapSnapshot(binding, args)
}

function readHeapSnapshot (file, options) {
  return withSpare(() => require('./lib/analysis')).readHeapSnapshot(binding, file, options)
}

function notify (options) {
  return withSpare(() => require('./lib/notify')).notify(tidemark, options)
}

let metrics

function metricsText (options) {
  metrics ??= loadMetrics()
  return metrics(options)
}

function loadMetrics () {
  const { Reader } = require('./lib/metrics/reader')
  const { metricsText } = require('./lib/metrics/text')
  const { keepRunning } = require('./lib/publish')
  const reader = new Reader(tidemark)
  keepRunning(tidemark)
  return (options) => metricsText(reader, options)
}

let middleware

/** Loaded with its first use: a worker without a server needs none of it. */
function express (...args) {
  return loadMiddleware()(...args)
}

express.status = () => loadMiddleware().status()

function loadMiddleware () {
  middleware ??= require('./lib/express').createMiddleware(tidemark)
  return middleware
}

let makeDashboard

/** Loaded with its first use: nobody needs it who does not look. */
function dashboard (options) {
  makeDashboard ??= withSpare(() => require('./lib/dashboard')).createDashboard(tidemark, (how) => writeHeapSnapshot(how))
  return makeDashboard(options)
}
