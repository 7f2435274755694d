'use strict'

const { stat } = require('node:fs/promises')
const path = require('node:path')
const { convertHeapSnapshot } = require('../../analysis')
const { named } = require('../open')
const { bytes } = require('../words')
const { plain } = require('../../plain')

async function run ({ binding, files: [file], options, work }) {
  const strip = options.strip ?? false
  try {
    await convertHeapSnapshot(binding, file, options.out, { strip, ...work(path.basename(file)) })
  } catch (error) {
    throw error.code === 'ERR_TIDEMARK_SNAPSHOT_INVALID' ? await named(error, file) : error
  }
  const { size } = await stat(options.out)
  const json = { file, out: options.out, mode: strip ? 'strip' : 'redact', size }
  return { json, text: `${plain(options.out)}: ${bytes(size)}, without the contents of strings${strip ? ' and their lengths' : ''}\n` }
}

module.exports = { run }
