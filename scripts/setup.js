'use strict'

// Makes a fresh clone usable on a machine that has only Node.js and Rust: the development
// dependencies, then the native addon. Does nothing, and says nothing, when both are there.

const { createHash } = require('node:crypto')
const { copyFileSync, existsSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const { ROOT, must, versionOf, withSigns, exitWith } = require('./steps')
const { nodeFile, cargoLibrary } = require('./platform')

const LEAST_NODE = 18

/** Inside node_modules, so that removing that removes this. */
const STAMP = path.join(ROOT, 'node_modules', '.tidemark-setup')

/** What the addon is made of. */
const SOURCES = ['Cargo.toml', 'Cargo.lock', 'build.rs', 'src']

async function setup () {
  checkNode()
  if (!packagesAreCurrent()) await installPackages()
  if (!addonIsCurrent()) await buildAddon()
}

function checkNode () {
  if (Number.parseInt(process.versions.node, 10) >= LEAST_NODE) return
  throw new Error(`tidemark needs Node.js ${LEAST_NODE} or later, this is ${process.versions.node}.`)
}

function packagesAreCurrent () {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lockHash()
}

function lockHash () {
  return createHash('sha256').update(readFileSync(path.join(ROOT, 'package-lock.json'))).digest('hex')
}

/**
 * `npm install --no-save` and not `npm ci`: both install what the lock says, but `ci` refuses a lock
 * that leaves out the binaries of other platforms, and a registry that does not carry those (a
 * mirror) writes only such locks. No dependency needs its install script.
 */
async function installPackages () {
  const args = ['install', '--no-save', '--ignore-scripts', '--include=dev', '--include=optional',
    '--no-audit', '--no-fund', '--loglevel=error']
  if (await versionOf('npm') === undefined) {
    throw new Error('npm was not found. It comes with Node.js: https://nodejs.org')
  }
  await withSigns('setup: installing the development dependencies', () => must('npm', args))
  writeFileSync(STAMP, lockHash())
}

function addonIsCurrent () {
  const addon = path.join(ROOT, nodeFile())
  return existsSync(addon) && statSync(addon).mtimeMs >= Math.max(...SOURCES.map((name) => newest(path.join(ROOT, name))))
}

/** When the newest file at or below `file` was changed. */
function newest (file) {
  const stat = statSync(file)
  if (!stat.isDirectory()) return stat.mtimeMs
  return readdirSync(file).reduce((most, name) => Math.max(most, newest(path.join(file, name))), 0)
}

/**
 * By cargo alone, since the napi command wants a newer Node.js than tidemark does. The generated
 * files are not touched: that is `npm run build`, and `npm run check` says when it was forgotten.
 */
async function buildAddon () {
  await checkCargo()
  const { target_directory: targetDirectory } = await cargoMetadata()
  await withSigns('setup: building the native addon (a minute when nothing is cached)', () =>
    must('cargo', ['build', '--release', '--lib', '--locked']))
  putInPlace(cargoLibrary(targetDirectory), path.join(ROOT, nodeFile()))
}

async function cargoMetadata () {
  const { stdout } = await must('cargo', ['metadata', '--format-version=1', '--no-deps', '--offline'])
  return JSON.parse(stdout)
}

async function checkCargo () {
  const actual = await versionOf('cargo')
  const [, wanted] = /** @type {RegExpExecArray} */ (/^rust-version = "([\d.]+)"/m.exec(readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8')))
  if (actual === undefined) {
    throw new Error(`cargo was not found. Install Rust ${wanted} or later (https://rustup.rs), then run this again.`)
  }
  if (older(actual, wanted)) {
    throw new Error(`tidemark needs Rust ${wanted} or later, this is ${actual}. Run 'rustup update', then this again.`)
  }
}

function older (actual, wanted) {
  const [major, minor] = actual.split('.').map(Number)
  const [leastMajor, leastMinor] = wanted.split('.').map(Number)
  return major < leastMajor || (major === leastMajor && minor < leastMinor)
}

/** By renaming: a process that runs the old addon keeps the old file. */
function putInPlace (from, to) {
  copyFileSync(from, `${to}.new`)
  renameSync(`${to}.new`, to)
}

module.exports = { setup, putInPlace }

if (require.main === module) setup().catch(exitWith)
