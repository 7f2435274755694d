'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const HOME = path.join(__dirname, '..', '..', '..', '.cache', 'peers')

/**
 * Installs the peers, each on its own so that one that does not compile takes no other with it.
 * @returns {Record<string, string>} for each name its folder; a peer that does not install is missing
 */
function installPeers (log = () => {}) {
  const { dependencies } = require('./package.json')
  const found = {}
  for (const [name, version] of Object.entries(dependencies)) {
    const folder = path.join(HOME, `${name.replace('/', '+')}@${version}`, process.version)
    const module = path.join(folder, 'node_modules', name)
    if (!fs.existsSync(module)) {
      log(`installing ${name}@${version}`)
      if (!install(folder, `${name}@${version}`)) {
        log(`${name}@${version} does not install on Node.js ${process.version}`)
        continue
      }
    }
    if (loads(module)) found[name] = module
    else log(`${name}@${version} does not load on Node.js ${process.version}`)
  }
  return found
}

function install (folder, spec) {
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(path.join(folder, 'package.json'), '{}')
  try {
    execFileSync('npm', ['install', spec, '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: 'ignore' })
    return true
  } catch {
    fs.rmSync(folder, { recursive: true, force: true })
    return false
  }
}

function loads (module) {
  try {
    execFileSync(process.execPath, ['-e', `require(${JSON.stringify(module)})`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

module.exports = { installPeers }
