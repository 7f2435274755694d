'use strict'

const { readOptions, boolean, folderName, integer, optional } = require('../options')
const { createError } = require('../errors')
const { isInActions } = require('./annotations')
const { timeFor } = require('./environment')
const { rulesFault } = require('./ignore')

const OPTIONS = {
  budget: { default: undefined, check: optional(integer(100, 3600000)) },
  explain: { default: true, check: boolean() },
  annotations: { default: undefined, check: optional(boolean()) },
  artifacts: { default: undefined, check: optional(folderName()) },
  ignore: { default: [], check: rulesFault }
}

/** @param {object} [given] @returns {{budget: number, deadline: number, explain: boolean, annotations?: boolean, artifacts: string | undefined, ignore: import('./ignore').IgnoreRule[]}} */
function readTestOptions (given) {
  const options = readOptions(given, OPTIONS)
  return { ...options, annotations: options.annotations ?? isInActions(), ...timeFor(options.budget) }
}

const TRACK_OPTIONS = {
  objects: { default: 100, check: integer(1, 1000000) },
  ignore: OPTIONS.ignore
}

/** @param {object} [given] @returns {{objects: number, ignore: import('./ignore').IgnoreRule[]}} */
function readTrackOptions (given) {
  return readOptions(given, TRACK_OPTIONS)
}

/** @param {unknown} fn */
function mustBeFunction (fn) {
  if (typeof fn !== 'function') throw createError('ERR_TIDEMARK_OPTION', ['fn', 'a function', fn])
}

module.exports = { OPTIONS, mustBeFunction, readTestOptions, readTrackOptions }
