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
    // No `cause`: what is in it is told.
    throw createError('ERR_TIDEMARK_BINDING_MISSING', [platform, ...whyNot(error)])
  }
}

/** What hinders a binary that is there, by what the system says of it; what helps then. */
/** @type {[signs: RegExp, remedy: string][]} */
const REMEDIES = [
  [/loading addons is disabled/, 'Start Node.js with `--allow-addons` beside `--permission`, and without `--no-addons`.'],
  [/Access to this API has been restricted/, 'Let `--allow-fs-read` cover the folder of the package.'],
  [/GLIBC|ld-linux|ld-musl|libc\.musl|relocating|\bELF\b|mach-o|Win32/, 'It is made for another system or a newer C library: reinstall the package where the app runs, or take a newer base image.'],
  [/failed to map segment|not permitted|denied/i, 'Its folder may not be read, or nothing may be executed there (`noexec`): install the package elsewhere.'],
  [/(?:)/, 'Reinstall the package on the platform that runs the app.']
]

/** Systems and processors that a release has a binary for. */
const PUBLISHED = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64']

/** That there is no binary, not that it is no good. */
const ABSENT = /^Cannot find module/

/**
 * @param {any} error of `binding.js`: an AggregateError, of each place that it looked at one
 * @param {string} [target] system and processor
 * @returns {[tried: string[], obstacle?: string, remedy?: string, published?: string[]]} the obstacle where a
 *   binary is there, and what is published where there cannot be one
 */
function whyNot ({ errors }, target = `${process.platform}-${process.arch}`) {
  const tried = [...new Set(errors.map(({ message }) => message.split('\n', 1)[0]))]
  const obstacle = tried.find((line) => !ABSENT.test(line))
  if (obstacle === undefined) return PUBLISHED.includes(target) ? [tried] : [tried, undefined, undefined, PUBLISHED]
  return [tried, obstacle, REMEDIES.find(([signs]) => signs.test(obstacle))?.[1]]
}

module.exports = { PUBLISHED, loadBinding, checkRuntime, whyNot }
