'use strict'

const path = require('node:path')

/** File that cargo makes of a cdylib, by process.platform. */
const LIBRARIES = {
  darwin: 'libtidemark.dylib',
  linux: 'libtidemark.so',
  win32: 'tidemark.dll'
}

/** This machine as napi-rs names it: `linux-x64-gnu`, `darwin-arm64`, `win32-x64-msvc`. */
function platformName () {
  const { platform, arch } = process
  if (platform === 'linux') return `linux-${arch}-${isGlibc() ? 'gnu' : 'musl'}`
  if (platform === 'win32') return `win32-${arch}-msvc`
  return `${platform}-${arch}`
}

function isGlibc () {
  const { header } = /** @type {{header: {glibcVersionRuntime?: string}}} */ (process.report.getReport())
  return Boolean(header.glibcVersionRuntime)
}

function nodeFile () {
  return `tidemark.${platformName()}.node`
}

function cargoLibrary (targetDirectory) {
  const name = LIBRARIES[process.platform]
  if (name === undefined) throw new Error(`tidemark is not built for ${process.platform}.`)
  return path.join(targetDirectory, 'release', name)
}

module.exports = { platformName, nodeFile, cargoLibrary }
