'use strict'

let gc

/**
 * A full collection, now. By V8's own function; where this Node.js does not export it, by the `gc()`
 * that `--expose-gc` gives.
 * @param {{collectGarbage (): boolean}} binding
 */
function collectGarbage (binding) {
  if (binding.collectGarbage()) return
  if (gc === undefined) {
    require('node:v8').setFlagsFromString('--expose-gc')
    gc = globalThis.gc ?? require('node:vm').runInNewContext('gc')
  }
  gc()
}

module.exports = { collectGarbage }
