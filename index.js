'use strict'

const { loadBinding } = require('./lib/binding')
const { Monitor } = require('./lib/monitor')

/** This thread's monitor: an EventEmitter, as memwatch was. Nothing runs until someone listens. */
const tidemark = new Monitor(loadBinding())

module.exports = tidemark

// Own and bound, so that `import { on, gc } from 'tidemark'` works as well.
module.exports.on = tidemark.on.bind(tidemark)
module.exports.once = tidemark.once.bind(tidemark)
module.exports.off = tidemark.off.bind(tidemark)
module.exports.start = tidemark.start.bind(tidemark)
module.exports.stop = tidemark.stop.bind(tidemark)
module.exports.gc = tidemark.gc.bind(tidemark)
module.exports.status = tidemark.status.bind(tidemark)
module.exports.history = tidemark.history.bind(tidemark)
module.exports.express = express

let middleware

/** Loaded with its first use: a worker without a server needs none of it. */
function express (options) {
  return loadMiddleware()(options)
}

express.status = () => loadMiddleware().status()

function loadMiddleware () {
  middleware ??= require('./lib/express').createMiddleware(tidemark)
  return middleware
}
