'use strict'

/** Where `scripts/captures.js` has proved the capture by fork. */
const LINES = [18, 20, 22, 24, 26]

/**
 * @param {{versions: NodeJS.ProcessVersions, platform: string, arch: string, config: {variables?: Record<string, any>}}} [runtime] `process`, or a fake of it in tests
 * @returns {string | undefined} why this Node.js is not one of them
 */
function unproved ({ versions, platform, arch, config } = process) {
  if (platform !== 'linux' || arch !== 'x64') return `it was proved on Linux x64 only, and this is ${platform} ${arch}`
  if (versions.electron) return `it was not proved on Electron (${versions.electron})`
  const major = Number.parseInt(versions.node, 10)
  if (!LINES.includes(major)) return `it was proved on Node.js ${LINES.join(', ')}, and this is ${versions.node}`
  const { variables = {} } = config
  if (variables.v8_enable_pointer_compression) return 'it was not proved on a Node.js with compressed pointers'
  if (variables.node_shared) return 'it was not proved on a Node.js that is a shared library'
  return undefined
}

module.exports = { unproved, LINES }
