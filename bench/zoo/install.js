'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const Module = require('node:module')
const path = require('node:path')

const HOME = path.join(__dirname, '..', '..', '.cache', 'zoo')

/**
 * Installs what the apps require, outside the package, so that its own dependencies stay few.
 * This process finds them too: it reads what an app is and how to load it.
 * @returns {string} the folder for NODE_PATH
 */
function installModules (log = () => {}) {
  const wanted = fs.readFileSync(path.join(__dirname, 'package.json'), 'utf8')
  const stamp = path.join(HOME, 'installed.json')
  if (!fs.existsSync(stamp) || fs.readFileSync(stamp, 'utf8') !== wanted) {
    log('installing the packages of the zoo')
    fs.mkdirSync(HOME, { recursive: true })
    fs.writeFileSync(path.join(HOME, 'package.json'), wanted)
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], { cwd: HOME, stdio: 'ignore' })
    fs.writeFileSync(stamp, wanted)
  }
  process.env.NODE_PATH = path.join(HOME, 'node_modules')
  // oxlint-disable-next-line no-underscore-dangle -- there is no other way to have NODE_PATH read again
  Module._initPaths()
  return process.env.NODE_PATH
}

module.exports = { installModules }
