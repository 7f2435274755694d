'use strict'

const v8 = require('node:v8')
const vm = require('node:vm')

let gc

/**
 * A full collection, now. By V8's own function; where this Node.js does not export it, by the `gc()`
 * that `--expose-gc` gives.
 * @param {{collectGarbage (): boolean}} binding
 */
function collectGarbage (binding) {
  if (binding.collectGarbage()) return
  if (gc === undefined) {
    v8.setFlagsFromString('--expose-gc')
    gc = globalThis.gc ?? vm.runInNewContext('gc')
  }
  gc()
}

module.exports = { collectGarbage }
