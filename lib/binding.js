'use strict'

const { createError } = require('./errors')
const { version } = require('../package.json')

/**
 * The one file that requires the native module; everything else receives it.
 * @throws ERR_TIDEMARK_UNSUPPORTED_RUNTIME, ERR_TIDEMARK_BINDING_MISSING, ERR_TIDEMARK_BINDING_FOREIGN
 */
function loadBinding () {
  checkRuntime(process.versions)
  const binding = requireBinding()
  const actual = typeof binding.version === 'function' ? binding.version() : 'unknown'
  if (actual !== version) throw createError('ERR_TIDEMARK_BINDING_FOREIGN', [version, actual])
  return binding
}

function checkRuntime (versions) {
  if (versions.bun) throw createError('ERR_TIDEMARK_UNSUPPORTED_RUNTIME', [`Bun ${versions.bun}`])
  if (versions.deno) throw createError('ERR_TIDEMARK_UNSUPPORTED_RUNTIME', [`Deno ${versions.deno}`])
  const major = Number.parseInt(versions.node, 10)
  if (!(major >= 18)) throw createError('ERR_TIDEMARK_UNSUPPORTED_RUNTIME', [`Node.js ${versions.node}`])
}

function requireBinding () {
  try {
    return require('../binding.js')
  } catch (error) {
    const platform = `${process.platform}-${process.arch} (Node.js ${process.versions.node})`
    throw createError('ERR_TIDEMARK_BINDING_MISSING', [platform, causes(error).join('; ')], { cause: error })
  }
}

/** The first line of each error of a chain. */
function causes (error) {
  const lines = []
  for (let next = error, links = 0; next instanceof Error && links < 16; next = next.cause, links++) {
    const [line] = next.message.split('\n')
    // What napi's loader says on top is advice for another kind of failure, and wasi is not built.
    if (!/^Cannot find native binding|wasm32-wasi/.test(line)) lines.push(line)
  }
  return [...new Set(lines)]
}

module.exports = { loadBinding, checkRuntime }
