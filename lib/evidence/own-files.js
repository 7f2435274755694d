'use strict'

const path = require('node:path')

/** A bundler puts this file into one of the app's, or gives it a name that is not on the disk. */
const isBundled = !path.isAbsolute(__filename) || !__filename.endsWith(path.join(path.sep, 'lib', 'evidence', 'own-files.js'))

const LIB = path.join(__dirname, '..') + path.sep
const BESIDE_LIB = new Set(['index.js', 'binding.js', 'package.json'].map((name) => path.join(LIB, '..', name)))

/** As a package: another copy of tidemark, or where the source map of a bundle says that its code comes from. */
const PACKAGED = /[\\/]node_modules[\\/]tidemark[\\/](?:lib[\\/]|(?:index|binding)\.js$|package\.json$)/

/**
 * Whether a file is tidemark's own: that is never what leaks. In a bundle without a source map nothing
 * is: its one file is the app's too.
 */
function isOwnFile (file) {
  return PACKAGED.test(file) || (!isBundled && (file.startsWith(LIB) || BESIDE_LIB.has(file)))
}

/** Whether a file is the app's, or of a package: none of Node.js, of a vm context without a name, or ours. */
function isReadableFile (file) {
  return file !== '' && !file.startsWith('node:') && !file.startsWith('evalmachine') && !isOwnFile(file)
}

/** Classes of tidemark whose objects lead to all others: in a bundle no list of modules has them. */
const ownClasses = new Set()

module.exports = { isBundled, isOwnFile, isReadableFile, ownClasses }
