'use strict'

const path = require('node:path')
const { UsageError } = require('./arguments')

/** @param {string} command its name @param {string[]} files what it was given. @returns {string} the recorder's folder */
function folderOf (command, [given]) {
  const directory = given ?? process.env.TIDEMARK_RECORDER
  if (directory === undefined || directory === '') {
    throw new UsageError(`'tidemark ${command}' needs the recorder's folder: tidemark ${command} DIR, or TIDEMARK_RECORDER=DIR.`)
  }
  return directory
}

function readAll (binding, directory) {
  try {
    return JSON.parse(binding.listFlights(path.resolve(directory)))
  } catch (error) {
    throw new Error(`The recorder's folder '${directory}' cannot be read: ${error.message}.`, { cause: error })
  }
}

module.exports = { folderOf, readAll }
