'use strict'

// `node --require tidemark/register app.js`, or `--import`: watches an app that cannot be changed.
// Whatever goes wrong here, also in parsing on a runtime that is too old, is one line on stderr, and
// the app goes on.

try {
  require('./register/watch').watch(process.env)
} catch (error) {
  try {
    var code = error && error.code ? error.code + ': ' : ''
    var message = String(error && error.message).split('\n').map(function (line) { return line.trim() }).join(' ')
    require('fs').writeSync(2, 'tidemark: ' + code + message + ' Nothing is watched; the app goes on.\n')
  } catch {}
}
