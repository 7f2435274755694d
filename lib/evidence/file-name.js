'use strict'

const { existsSync } = require('node:fs')
const path = require('node:path')
const { packageOf } = require('./package-of')

/** Folders by the root of the package that they are in; null where there is none. */
const roots = new Map()
const MOST_FOLDERS = 1000

/**
 * A file as its package names it, which is the same wherever it was deployed and started: relative to
 * the nearest package.json, or its base name where there is none.
 * @param {string} file
 */
function nameInPackage (file) {
  if (!path.isAbsolute(file)) return file
  const root = rootOf(path.dirname(file))
  return root === null ? path.basename(file) : path.relative(root, file).split(path.sep).join('/')
}

/** What a file is named by in the key of a finding: the dependency that it belongs to, or itself. */
function originOf (file) {
  return packageOf(file) ?? nameInPackage(file)
}

function rootOf (folder) {
  let root = roots.get(folder)
  if (root === undefined) {
    const parent = path.dirname(folder)
    root = hasManifest(folder) ? folder : parent === folder ? null : rootOf(parent)
    if (roots.size >= MOST_FOLDERS) roots.clear()
    roots.set(folder, root)
  }
  return root
}

function hasManifest (folder) {
  try {
    return existsSync(path.join(folder, 'package.json'))
  } catch {
    return false // the permission model may forbid to look
  }
}

module.exports = { nameInPackage, originOf }
