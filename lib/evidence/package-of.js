'use strict'

/** '@scope/name' or 'name' of the package that a file is in, if it is in node_modules. */
function packageOf (file) {
  if (file === undefined) return undefined
  const parts = file.split(/[\\/]/)
  const at = parts.lastIndexOf('node_modules')
  if (at === -1 || at + 1 >= parts.length) return undefined
  return parts[at + 1].startsWith('@') ? `${parts[at + 1]}/${parts[at + 2]}` : parts[at + 1]
}

module.exports = { packageOf }
