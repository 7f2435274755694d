'use strict'

// Preloaded into an example of the docs: a server listens on a free port instead of the one that it
// names, and the process ends by itself once the example had its time. An example that throws, or
// rejects, ends before that with another code.

const net = require('node:net')

const TIME_MS = 2000

const { listen } = net.Server.prototype
net.Server.prototype.listen = function (port, ...rest) {
  const free = typeof port === 'number' ? 0 : typeof port?.port === 'number' ? { ...port, port: 0 } : port
  return listen.call(this, free, ...rest)
}

setTimeout(() => process.exit(), TIME_MS).unref()
