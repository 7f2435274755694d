'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const Module = /** @type {any} */ (require('node:module'))
const path = require('node:path')

/**
 * Installs what the apps of a benchmark require, outside the package, so that its own dependencies stay few.
 * This process finds them too: it reads what an app is and how to load it.
 * @param {string} bench the folder beside this file whose package.json says what
 * @param {(text: string) => void} [log]
 * @returns {string} the folder for NODE_PATH
 */
function installModules (bench, log = () => {}) {
  const home = path.join(__dirname, '..', '.cache', bench)
  const wanted = fs.readFileSync(path.join(__dirname, bench, 'package.json'), 'utf8')
  const stamp = path.join(home, 'installed.json')
  if (!fs.existsSync(stamp) || fs.readFileSync(stamp, 'utf8') !== wanted) {
    log(`installing the packages of bench/${bench}`)
    fs.mkdirSync(home, { recursive: true })
    fs.writeFileSync(path.join(home, 'package.json'), wanted)
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], { cwd: home, stdio: 'ignore' })
    fs.writeFileSync(stamp, wanted)
  }
  process.env.NODE_PATH = path.join(home, 'node_modules')
  preferInstalled()
  return process.env.NODE_PATH
}

/**
 * From here on what a benchmark requires comes from the folder of NODE_PATH first. Node.js itself looks there last, and
 * finds what the development dependencies of tidemark have brought along, in whatever version.
 */
function preferInstalled () {
  // oxlint-disable no-underscore-dangle -- there is no other way
  const foldersFrom = Module._nodeModulePaths
  Module._nodeModulePaths = (from) => from.startsWith(__dirname) ? [process.env.NODE_PATH, ...foldersFrom(from)] : foldersFrom(from)
  // oxlint-enable no-underscore-dangle
}

module.exports = { installModules, preferInstalled }
