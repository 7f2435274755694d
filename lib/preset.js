'use strict'

const { readOptions } = require('./options')

/** Options for every start in this thread, given by what watches on behalf of the app (the preload). */
let preset

/**
 * What the app's own `start(options)` names still wins.
 * @param {object} options as for `start()`
 * @throws ERR_TIDEMARK_OPTION, ERR_TIDEMARK_UNKNOWN_OPTION
 */
function setPreset (options) {
  readOptions(options)
  preset = { ...options }
}

function getPreset () {
  return preset
}

module.exports = { getPreset, setPreset }
