'use strict'

const path = require('node:path')

/** Where this file is, unless a bundler put it, with all of the app, into a file of its own. */
const HERE = path.join('lib', 'evidence', 'own-files.js')
const ROOT = __filename.endsWith(path.sep + HERE) ? __filename.slice(0, -HERE.length) : undefined
const LIB = ROOT && path.join(ROOT, 'lib') + path.sep
const BESIDE_LIB = new Set(ROOT === undefined ? [] : ['index.js', 'binding.js'].map((name) => path.join(ROOT, name)))

/** Objects of ours that an app holds, which lead to all others. */
const objects = new WeakSet()

/** Whether a file is tidemark's own: that is never what leaks. In a bundle none is. */
function isOwnFile (file) {
  return LIB !== undefined && (file.startsWith(LIB) || BESIDE_LIB.has(file))
}

/** @param {object} object that no evidence looks into */
function noteOwn (object) {
  objects.add(object)
}

function isOwnObject (object) {
  return objects.has(object)
}

module.exports = { isOwnFile, isOwnObject, noteOwn }
