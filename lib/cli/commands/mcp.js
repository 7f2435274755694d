'use strict'

const { serve } = require('../../mcp')
const { UsageError } = require('../arguments')

/** Serves until the client leaves: standard output belongs to the protocol. */
async function run ({ files, work }) {
  const folders = files.length > 0 ? files : [process.env.TIDEMARK_RECORDER].filter(Boolean)
  if (folders.length === 0) {
    throw new UsageError("'tidemark mcp' needs the folders that may be read: tidemark mcp DIR..., or TIDEMARK_RECORDER=DIR.")
  }
  const { signal } = work()
  await serve(folders, { signal })
  return { json: {}, text: '' }
}

module.exports = { run }
