'use strict'

const { readHeapSnapshot } = require('../../analysis')
const { captureNameless } = require('../../snapshot')
const { checkHeadroom } = require('../../snapshot/guard')

/**
 * How retainers are looked for, with the real snapshots of this process.
 * @param {typeof import('../../../binding')} binding
 */
function snapshotsOf (binding) {
  return {
    capture: (options) => captureNameless(binding, options),
    checkHeadroom: (options, need) => checkHeadroom(binding, options, need),
    async compare (before, after, options) {
      const earlier = await readHeapSnapshot(binding, before, options)
      const later = await readHeapSnapshot(binding, after, options)
      return later.suspects(earlier)
    }
  }
}

module.exports = { snapshotsOf }
