'use strict'

const { constants } = require('node:os')

function signalName (number) {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`
}

function errnoName (number) {
  return Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `errno ${number}`
}

module.exports = { signalName, errnoName }
