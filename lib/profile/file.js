'use strict'

const fs = require('node:fs/promises')
const path = require('node:path')
const { createError } = require('../errors')
const { writePrivately } = require('../private-file')

/** @throws where a file cannot be made there: better before the sampling than after it */
async function mustBeWritable (file) {
  try {
    await fs.access(path.dirname(path.resolve(file)), fs.constants.W_OK)
    if ((await statOf(file))?.isDirectory()) throw new Error('It is a directory')
  } catch (error) {
    throw cannotWrite(file, error)
  }
}

async function statOf (file) {
  return fs.stat(file).catch(() => undefined)
}

/** Names and places tell about the app: only its owner may read it. */
async function writeProfile (file, contents) {
  try {
    await writePrivately(file, contents)
  } catch (error) {
    throw cannotWrite(file, error)
  }
}

function cannotWrite (file, cause) {
  const advice = 'Give a path in a directory that exists and that this process may write to.'
  return createError('ERR_TIDEMARK_PROFILE_FILE', [file, `${cause.message}. ${advice}`], { cause })
}

module.exports = { mustBeWritable, writeProfile }
