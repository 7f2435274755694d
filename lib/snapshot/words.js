'use strict'

const { constants } = require('node:os')

/** @param {number} bytes */
function megabytes (bytes) {
  return Number.isFinite(bytes) ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : 'unknown'
}

function signalName (number) {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`
}

function errnoName (number) {
  return Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `errno ${number}`
}

module.exports = { megabytes, signalName, errnoName }
