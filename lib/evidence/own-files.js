'use strict'

const path = require('node:path')

const LIB = path.join(__dirname, '..') + path.sep
const BESIDE_LIB = new Set(['index.js', 'binding.js'].map((name) => path.join(LIB, '..', name)))

/** Whether a file is tidemark's own: that is never what leaks. */
function isOwnFile (file) {
  return file.startsWith(LIB) || BESIDE_LIB.has(file)
}

module.exports = { isOwnFile }
