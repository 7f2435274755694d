'use strict'

const { existsSync } = require('node:fs')
const { stat } = require('node:fs/promises')
const path = require('node:path')
const { convertHeapSnapshot } = require('../../analysis')
const { named } = require('../open')
const { bytes } = require('../words')
const { plain } = require('../../plain')

async function run ({ binding, files: [file], options, work }) {
  const strip = options.strip ?? false
  if (!options.force && existsSync(options.out) && path.resolve(file) !== path.resolve(options.out)) throw new Error(`'${options.out}' is there already. Give --out another name, or replace it with --force.`)
  try {
    await convertHeapSnapshot(binding, file, options.out, { strip, ...work(path.basename(file)) })
  } catch (error) {
    // A full disk is said without the file.
    if (error.reason === 'io' && /^\S* ?[Ww]rit/.test(error.message) && !error.message.includes(options.out)) error.message = `${options.out}: ${error.message}`
    throw error.code === 'ERR_TIDEMARK_SNAPSHOT_INVALID' ? await named(error, file) : error
  }
  const { size } = await stat(options.out)
  const json = { file, out: options.out, mode: strip ? 'strip' : 'redact', size }
  return { json, text: `${plain(options.out)}: ${bytes(size)}, without the contents of strings${strip ? ' and their lengths' : ''}\n` }
}

module.exports = { run }
