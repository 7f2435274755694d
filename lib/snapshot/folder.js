'use strict'

const fs = require('node:fs')
const path = require('node:path')

/**
 * Why no snapshot can go into a folder, said before one is needed.
 * @param {{snapshotFolder?: string, signal?: string, snapshotNearHeapLimit: boolean}} options without the
 *   folder, snapshots go into the current one, and only those that nobody gives a path
 * @returns {string[]} at most one problem, in words
 */
function folderProblems ({ snapshotFolder, signal, snapshotNearHeapLimit }) {
  if (snapshotFolder !== undefined) return problemsOf(snapshotFolder, '`snapshotFolder`: ', '.')
  if ((signal === undefined && !snapshotNearHeapLimit) || !require('node:worker_threads').isMainThread) return []
  return problemsOf('', 'Snapshots go into the current folder, and ', ': name another one by `snapshotFolder`.')
}

function problemsOf (wanted, before, after) {
  try {
    // Throws where the current folder is gone.
    const folder = path.resolve(wanted)
    try {
      if (!fs.statSync(folder).isDirectory()) return [`${before}'${folder}' is not a folder${after}`]
      fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK)
      return []
    } catch ({ code }) {
      return [`${before}${code === 'ENOENT' ? `there is no folder '${folder}'` : `the folder '${folder}' cannot be written to (${code})`}${after}`]
    }
  } catch {
    return [`${before}it is gone${after}`]
  }
}

module.exports = { folderProblems }
