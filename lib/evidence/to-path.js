'use strict'

const { fileURLToPath } = require('node:url')

/**
 * The path of what V8 calls a script: it has paths and file: URLs. What is neither, or no URL of a
 * file here, stays as it is.
 * @template {string | undefined} T
 * @param {T} url
 * @returns {T}
 */
function toPath (url) {
  if (!url?.startsWith('file:')) return url
  try {
    return /** @type {T} */ (fileURLToPath(url))
  } catch {
    return url
  }
}

module.exports = { toPath }
