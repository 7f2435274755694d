'use strict'

const fs = require('node:fs')
const path = require('node:path')

/**
 * Why no snapshot can go into a folder, said before one is needed.
 * @param {string | undefined} snapshotFolder the option
 * @returns {string[]} at most one problem, in words
 */
function folderProblems (snapshotFolder) {
  if (snapshotFolder === undefined) return []
  const folder = path.resolve(snapshotFolder)
  try {
    if (!fs.statSync(folder).isDirectory()) return [`\`snapshotFolder\`: '${folder}' is not a folder.`]
    fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK)
    return []
  } catch ({ code }) {
    return [`\`snapshotFolder\`: ${code === 'ENOENT' ? `there is no folder '${folder}'` : `the folder '${folder}' cannot be written to (${code})`}.`]
  }
}

module.exports = { folderProblems }
